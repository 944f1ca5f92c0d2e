import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { attacks } from '../../../attacks/index.ts';

const readme = readFileSync(
  fileURLToPath(new URL('../../../attacks/README.md', import.meta.url)),
  'utf8',
);
/** Sections by the attack they are named after. */
const sections = new Map(
  [...readme.matchAll(/^### `(.*?)`\n(.*?)(?=^##)/gms)].map(([, id, text]) => [id, text]),
);

describe('the page on attacks', () => {
  test.each(attacks.map(({ meta }) => meta.id))(
    'says what %s asks, who asks it, by which defaults, at what cost, and how to read it',
    (id) => {
      for (const point of ['Asks', 'Attacker', 'Defaults', 'Cost', 'Reading it'])
        expect(sections.get(id)).toContain(`**${point}**`);
    },
  );

  test('names no attack that there is not', () => {
    expect([...sections.keys()].toSorted()).toEqual(attacks.map(({ meta }) => meta.id).toSorted());
  });
});
