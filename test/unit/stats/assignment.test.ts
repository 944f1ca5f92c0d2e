import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { optimalAssignment } from '../../../src/stats/assignment.ts';

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

const totalOf = (costs: readonly (readonly number[])[], columns: readonly number[]) =>
  columns.reduce((sum, column, row) => sum + (costs[row]?.[column] as number), 0);

describe('optimal assignment', () => {
  test('a case done by hand: the greedy choice of row 0 is not the best', () => {
    expect(
      optimalAssignment([
        [1, 2, 9],
        [1, 9, 9],
        [9, 9, 3],
      ]),
    ).toEqual([1, 0, 2]);
  });

  test('costs as little as the best of all permutations', () => {
    const square = fc.integer({ min: 1, max: 6 }).chain((n) =>
      fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: n, maxLength: n }), {
        minLength: n,
        maxLength: n,
      }),
    );
    fc.assert(
      fc.property(square, (costs) => {
        const columns = optimalAssignment(costs);
        expect([...columns].sort()).toEqual(costs.map((_, at) => at));
        const best = permutations(costs.map((_, at) => at)).map((each) => totalOf(costs, each));
        expect(totalOf(costs, columns)).toBe(Math.min(...best));
      }),
    );
  });

  test('nothing to assign, and what cannot be assigned', () => {
    expect(optimalAssignment([])).toEqual([]);
    expect(() => optimalAssignment([[1, 2]])).toThrow(/1 × 1 finite costs/);
    expect(() => optimalAssignment([[Number.NaN]])).toThrow(/finite/);
  });
});
