import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluations, greedySearch } from '../../../../defenses/selection/greedy-search.ts';

const f = (...values: number[]) => Float32Array.from(values);

/** Counts how often a loss is asked for. */
function counted(loss: (model: Float32Array) => number) {
  const calls = { count: 0 };
  return {
    calls,
    loss: async (model: Float32Array) => {
      calls.count++;
      return loss(model);
    },
  };
}

const search = (
  loss: (model: Float32Array) => number,
  localModel: Float32Array,
  exposed: Float32Array,
  count: number,
  perSweep = 1,
) => greedySearch({ localModel, exposed, count, perSweep, loss: counted(loss).loss });

describe('the greedy search', () => {
  test('sees what coordinates do together, by hand', async () => {
    // Exposing 0 alone gains 2, 1 or 2 alone gain 1, but 0 and 2 together gain 7.
    const loss = ([a = 0, b = 0, c = 0]: Float32Array) => 2 * a + b + c + 4 * a * c;
    expect([...(await search(loss, f(0, 0, 0), f(1, 1, 1), 2))]).toEqual([0, 2]);
    // Without a second sweep it is the order of the single gains, ties by index.
    expect([...(await search(loss, f(0, 0, 0), f(1, 1, 1), 2, 2))]).toEqual([0, 1]);
  });

  test('fills the mask even where nothing is gained, and leaves its input alone', async () => {
    const local = f(1, 2, 3);
    const order = await search((model) => -(model[0] as number), local, f(1, 5, 9), 3);
    expect([...order]).toEqual([0, 1, 2]);
    expect(local).toEqual(f(1, 2, 3));
  });

  test('finds the best mask of a separable loss, with no more evaluations than announced', async () => {
    const gains = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        gains,
        fc.nat(12),
        fc.integer({ min: 1, max: 3 }),
        async (gain, wish, perSweep) => {
          const count = Math.min(wish, gain.length);
          const exposed = f(...gain.map(() => 1));
          const total = (model: Float32Array) =>
            model.reduce((sum, value, at) => sum + value * (gain[at] as number), 0);
          const { loss, calls } = counted(total);
          const localModel = new Float32Array(gain.length);
          const order = await greedySearch({ localModel, exposed, count, perSweep, loss });
          const best = gain.toSorted((a, b) => b - a).slice(0, count);
          expect([...order].map((at) => gain[at])).toEqual(best);
          expect(new Set(order).size).toBe(count);
          expect(calls.count).toBeLessThanOrEqual(evaluations(gain.length, count, perSweep));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('announces its evaluations', () => {
    // 1 at the start; 5 + 1, 3 + 1 and 1 + 1 in three sweeps of two
    expect(evaluations(5, 5, 2)).toBe(13);
    expect(evaluations(5, 0, 1)).toBe(1);
  });
});
