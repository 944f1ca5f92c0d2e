import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { defenses } from '../../../defenses/index.ts';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

describe('the pages on defenses', () => {
  const page = read('docs/defenses.md');
  const readme = read('defenses/README.md');

  test.each(defenses.map(({ meta, trust }) => ({ meta, trust })))(
    '$meta.id says on its page what it declares',
    ({ meta, trust }) => {
      const section = `### \`${meta.id}\`: ${meta.title}

- **Encrypted:** ${trust?.encrypted}
- **Key:** ${trust?.key}
- **The server learns:** ${trust?.serverLearns}
- **Breaks it alone:** ${trust?.brokenBy}
`;
      expect(page).toContain(section);
      expect(readme).toContain(`| \`${meta.id}\` |`);
    },
  );

  test('name no defense that there is not', () => {
    const named = [...page.matchAll(/^### `(.*?)`/gm)].map(([, id]) => id);
    expect(named).toEqual(defenses.map(({ meta }) => meta.id));
    const rows = [...readme.matchAll(/^\| `(.*?)` \|/gm)].map(([, id]) => id);
    expect(rows).toEqual(named);
  });
});
