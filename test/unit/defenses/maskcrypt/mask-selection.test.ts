import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExposedWeights } from '../../../../defenses/maskcrypt/exposed-weights.ts';
import { selectMask } from '../../../../defenses/maskcrypt/mask-selection.ts';

const f = (...values: number[]) => Float32Array.from(values);

describe('Algorithm 2', () => {
  test('by hand', () => {
    // v = g ⊙ (w̃_exp − w): [1·1, −1·2, 2·−1, 0.5·4, 3·0]
    const gradient = f(1, -1, 2, 0.5, 3);
    const exposed = f(1, 2, -1, 4, 7);
    const local = f(0, 0, 0, 0, 7);
    expect(selectMask(gradient, exposed, local, 5)).toEqual(Uint32Array.of(3, 0, 4, 1, 2));
    expect(selectMask(gradient, exposed, local, 2)).toEqual(Uint32Array.of(3, 0));
  });

  test('does not lose the order of products too small for float32', () => {
    const tiny = f(1e-30, 3e-30, 2e-30);
    expect(selectMask(tiny, tiny, f(0, 0, 0), 3)).toEqual(Uint32Array.of(1, 2, 0));
  });

  test('Theorem 1: no other set of its size raises the exposed loss more, to first order', () => {
    // Whole numbers, so that the sums compared are exact.
    const whole = fc.integer({ min: -20, max: 20 });
    const vectors = fc
      .array(fc.tuple(whole, whole, whole), { minLength: 1, maxLength: 9 })
      .map((rows) => [0, 1, 2].map((column) => f(...rows.map((row) => row[column] as number))));
    fc.assert(
      fc.property(vectors, fc.nat(9), ([g, exposed, local], wish) => {
        if (!g || !exposed || !local) throw new TypeError('three vectors');
        const size = Math.min(wish, g.length);
        const increase = (inSet: (at: number) => boolean) =>
          g.reduce(
            (sum, slope, at) =>
              inSet(at) ? sum + slope * ((exposed[at] as number) - (local[at] as number)) : sum,
            0,
          );
        let best = Number.NEGATIVE_INFINITY;
        for (let subset = 0; subset < 2 ** g.length; subset++) {
          const inSubset = (at: number) => ((subset >> at) & 1) === 1;
          const members = [...g.keys()].filter(inSubset).length;
          if (members === size) best = Math.max(best, increase(inSubset));
        }
        const chosen = new Set(selectMask(g, exposed, local, size));
        expect(chosen.size).toBe(size);
        expect(increase((at) => chosen.has(at))).toBe(best);
      }),
    );
  });
});

describe('exposed weights', () => {
  test('follow the masks of two rounds, by hand', () => {
    const exposed = new ExposedWeights(f(0, 0, 0));
    exposed.receive(f(0, 0, 0), Uint8Array.of(0, 0, 0));
    exposed.send(f(10, 11, 12), Uint8Array.of(1, 0, 0));
    expect(exposed.values).toEqual(f(0, 11, 12));
    exposed.receive(f(1, 1, 1), Uint8Array.of(1, 0, 0));
    expect(exposed.values).toEqual(f(0, 1, 1));
    exposed.send(f(20, 21, 22), Uint8Array.of(1, 1, 0));
    expect(exposed.values).toEqual(f(0, 1, 22));
  });

  test('leave the initial model alone', () => {
    const initial = f(1, 2);
    new ExposedWeights(initial).send(f(5, 6), Uint8Array.of(0, 0));
    expect(initial).toEqual(f(1, 2));
  });
});
