import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import type { Defense, MaskRound, ProposingClient } from '../../../src/api/defense.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { layoutOf } from '../../../src/models/layers.ts';
import { addPlugins } from '../../../src/run/plugins.ts';

vi.mock('hefl-bench', () => import('../../../src/index.ts'));

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
const page = readFileSync(join(docs, 'new-defense.md'), 'utf8');
const examples = [...page.matchAll(/\]\((examples\/[a-z-]+\.ts)\)[^`]*?```ts\n(.*?)```/gs)].map(
  ([, path, code]) => ({ path: path as string, code: code as string }),
);
const load = async (path: string): Promise<Defense<Record<string, unknown>>> =>
  (await import(join(docs, path))).default;

const layout = layoutOf({ first: [2, 2], second: [2, 1] });
const { size } = layout;
const round = (proposals: Uint32Array[] = []): MaskRound => ({
  ...{ round: 1, size, layout, proposals, globalModel: new Float32Array(size) },
  random: randomStream(1),
});

describe('the page on new defenses', () => {
  test('shows two complete defenses of at most 30 lines, as they are in the files', () => {
    expect(examples.map(({ path }) => path)).toEqual([
      'examples/first-layer.ts',
      'examples/largest-change.ts',
    ]);
    for (const { path, code } of examples) {
      expect(code).toBe(readFileSync(join(docs, path), 'utf8'));
      expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
    }
  });

  test('shows defenses that fulfil the contract', async () => {
    const paths = examples.map(({ path }) => join(docs, path));
    const { defenses } = await addPlugins({ defenses: [], attacks: [] }, paths);
    expect(defenses.map(({ meta }) => meta.id)).toEqual(['first-layer', 'largest-change']);
  });

  test('the first encrypts its layers', async () => {
    const { mask, meta } = await load('examples/first-layer.ts');
    const agreed = (layers: number) => [
      ...(mask.agree?.(round(), meta.params.parse({ layers })) ?? []),
    ];
    expect(agreed(1)).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0]);
    expect(agreed(2)).toEqual(Array(9).fill(1));
  });

  test('the second encrypts what training changed most', async () => {
    const { mask, meta } = await load('examples/largest-change.ts');
    const params = meta.params.parse({ ratio: 1 / 3 });
    const proposals = await Promise.all(
      [
        [5, 0, -4, 0, 3, 0, 1, 0, 0],
        [0, 0, -4, 0, 3, 0, 0, 0, -9],
      ].map((change) => {
        const globalModel = Float32Array.from({ length: size }, (_, at) => at);
        const localModel = globalModel.map((weight, at) => weight + (change[at] as number));
        const client = { localModel, globalModel, layout } as ProposingClient;
        return mask.propose?.(client, undefined, params) as Promise<Uint32Array>;
      }),
    );
    expect(proposals.map((one) => [...one])).toEqual([
      [0, 2, 4],
      [8, 2, 4],
    ]);
    expect([...(mask.agree?.(round(proposals), params) ?? [])]).toEqual([
      1, 0, 1, 0, 1, 0, 0, 0, 1,
    ]);
  });
});
