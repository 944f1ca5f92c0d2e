import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { Attack, MembershipOutput } from '../../../src/api/attack.ts';
import { NotApplicable } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { findModel } from '../../../src/models/registry.ts';
import { addPlugins } from '../../../src/run/plugins.ts';
import {
  ask,
  bytesOf,
  knowledge,
  nothingEncrypted,
  oneRound,
  take,
  trainLocally,
} from '../attacks/setting.ts';

vi.mock('hefl-bench', () => import('../../../src/index.ts'));

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
const page = readFileSync(join(docs, 'new-attack.md'), 'utf8');
const [, path = '', code = ''] =
  /\]\((examples\/[a-z-]+\.ts)\)[^`]*?```ts\n(.*?)```/s.exec(page) ?? [];

const load = async (): Promise<Attack<unknown, MembershipOutput>> => {
  const { attacks } = await addPlugins({ defenses: [], attacks: [] }, [join(docs, path)]);
  return attacks[0] as unknown as Attack<unknown, MembershipOutput>;
};

const model = findModel('mlp-2fc');
const start = model.initialize(randomStream(3, 'init'));
const aux = knowledge({ membership: [{ client: 0, round: 1, candidates: take(0, 120) }] });
const truth = {
  membership: [
    {
      ...{ client: 0, round: 1, labels: take(0, 120).labels },
      members: Uint8Array.from({ length: 120 }, (_, at) => (at < 60 ? 1 : 0)),
    },
  ],
  ...{ reconstruction: [], meanImage: new Float32Array(784), distractors: new Float32Array(0) },
};

describe('the page on new attacks', () => {
  test('shows a complete attack of at most 40 lines, as it is in the file', () => {
    expect(path).toBe('examples/top-posterior.ts');
    expect(code).toBe(readFileSync(join(docs, path), 'utf8'));
    expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
  });

  test('shows an attack that fulfils the contract and finds members of an overfitted model', async () => {
    const attack = await load();
    expect(attack.meta.id).toBe('top-posterior');
    const weights = await trainLocally(model, start, take(0, 60), {
      steps: 300,
      learningRate: 0.3,
    });
    const client = { weights, samples: 60, localSteps: 300 };
    const view = oneRound(model, start, [client], nothingEncrypted(model), 0.3);
    const output = await ask(attack, { model, view, aux });
    expect(auc.score(output, truth)?.value).toBeGreaterThan(0.6);
    expect(bytesOf(await ask(attack, { model, view, aux, adversary: 'stale' }))).toBe(
      bytesOf(output),
    );
    await expect(ask(attack, { model, view, aux: knowledge({}) })).rejects.toThrow(NotApplicable);
  });

  test('shows a specification that names it', () => {
    const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    const specification = parse(yaml);
    expect(specification.plugins).toEqual(['./top-posterior.ts']);
    expect(specification.attacks).toContain('top-posterior');
  });
});
