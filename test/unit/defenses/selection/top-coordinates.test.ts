import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { topCoordinates } from '../../../../defenses/selection/top-coordinates.ts';
import { randomStream } from '../../../../src/engine/random.ts';

/** By the definition: a full sort, ties by index. */
function reference(scores: Float64Array, count: number): Uint32Array {
  return Uint32Array.from(scores.keys())
    .sort((a, b) => {
      const [x, y] = [scores[a] as number, scores[b] as number];
      return x === y ? a - b : y - x;
    })
    .slice(0, count);
}

describe('the largest scores', () => {
  test('are those of a full sort, whatever the doubles', () => {
    const scores = fc.float64Array({ noNaN: true, maxLength: 200 });
    fc.assert(
      fc.property(scores, fc.nat(200), (values, wish) => {
        const count = Math.min(wish, values.length);
        expect(topCoordinates(values, count)).toEqual(reference(values, count));
      }),
      { numRuns: 60 },
    );
  });

  test('break ties by index, 0 and -0 being equal', () => {
    const few = fc.array(fc.constantFrom(0, -0, 1, -1, 2 ** -1074, 1e300), { maxLength: 60 });
    fc.assert(
      fc.property(few, fc.nat(60), (values, wish) => {
        const scores = Float64Array.from(values);
        const count = Math.min(wish, scores.length);
        expect(topCoordinates(scores, count)).toEqual(reference(scores, count));
      }),
      { numRuns: 60 },
    );
    expect(topCoordinates(Float64Array.of(-0, 1, 0, 1), 4)).toEqual(Uint32Array.of(1, 3, 0, 2));
  });

  test('tell apart scores that differ in the last bits only', () => {
    const random = randomStream(1, 'close scores');
    const scores = Float64Array.from({ length: 20_000 }, () => 1 + random.integer(50) * 2 ** -52);
    expect(topCoordinates(scores, 1_000)).toEqual(reference(scores, 1_000));
    expect(topCoordinates(scores, 20_000)).toEqual(reference(scores, 20_000));
  });

  test('are refused where there is no order, or not enough', () => {
    expect(() => topCoordinates(Float64Array.of(1, Number.NaN), 1)).toThrow(
      'the score of coordinate 1 is not a number',
    );
    expect(() => topCoordinates(new Float64Array(2), 3)).toThrow(RangeError);
    expect(topCoordinates(new Float64Array(2), 0)).toEqual(new Uint32Array(0));
  });
});
