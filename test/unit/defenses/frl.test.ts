import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frl } from '../../../defenses/frl/index.ts';
import { rankWithinLayers, scoresByRank } from '../../../defenses/frl/ranking.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { ParameterLayout } from '../../../src/models/layout.ts';

/** Layers of four and of two edges. */
const layout = new ParameterLayout([
  { name: 'a.weight', shape: [2, 2], kind: 'weight', layer: 0 },
  { name: 'b.weight', shape: [2, 1], kind: 'weight', layer: 1 },
]);
const globalModel = Float32Array.of(0.1, 0.2, 0.3, 0.4, -1, 1);
const params = frl.meta.params.parse({}) as { kept: number };
const vote = frl.transform?.(params);

const rankingOf = (localModel: Float32Array) =>
  vote?.transform(
    { client: 0, round: 1, layout, globalModel, localModel, random: randomStream(1) },
    undefined,
  ).values as Float32Array;

describe('federated rank learning', () => {
  test('clients send the ranks of their scores, layer by layer', () => {
    expect(rankingOf(Float32Array.of(5, -7, 0.5, 6, 3, 2))).toEqual(
      Float32Array.of(2, 0, 1, 3, 1, 0),
    );
    // Equal scores by index; -0 is 0.
    expect(rankingOf(Float32Array.of(0, -0, -1, 0, 1, 1))).toEqual(
      Float32Array.of(1, 2, 0, 3, 0, 1),
    );
  });

  test('the server ranks edges by their summed ranks and deals the scores out again', () => {
    const rankings = [
      [0, 1, 2, 3, 0, 1],
      [3, 1, 2, 0, 1, 0],
      [2, 0, 1, 3, 1, 0],
    ];
    // Sums 5, 2, 5, 6 and 2, 1: edge 1 is lowest, then 0 before 2 as they tie, then 3.
    const mean = Float32Array.from(
      [0, 1, 2, 3, 4, 5],
      (at) => rankings.reduce((sum, ranking) => sum + (ranking[at] as number), 0) / 3,
    );
    const next = vote?.conclude?.(mean, { round: 1, layout, globalModel });
    expect(next).toEqual(Float32Array.of(...[0.2, 0.1, 0.3, 0.4].map(Math.fround), 1, -1));
  });

  test('the server reads a ranking as the model whose edges it orders', () => {
    const model = vote?.asModel?.(Float32Array.of(3, 2, 1, 0, 0, 1), {
      round: 1,
      layout,
      globalModel,
    });
    expect(model).toEqual(Float32Array.of(...[0.4, 0.3, 0.2, 0.1].map(Math.fround), -1, 1));
  });

  test('one client alone gets its own order back, under the scores there were', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
          minLength: 6,
          maxLength: 6,
        }),
        (values) => {
          const local = Float32Array.from(values);
          const next = scoresByRank(rankWithinLayers(local, layout), globalModel, layout);
          expect(rankWithinLayers(next, layout)).toEqual(rankWithinLayers(local, layout));
          expect(next.slice(0, 4).sort()).toEqual(globalModel.slice(0, 4));
          expect(next.slice(4).sort()).toEqual(globalModel.slice(4));
        },
      ),
    );
  });

  test('is unweighted, unencrypted and trains scores', () => {
    expect(frl.weighting?.(params)).toBe('uniform');
    expect(frl.keys(params)).toEqual({ setup: 'none' });
    expect(params.kept).toBe(0.5);
  });
});
