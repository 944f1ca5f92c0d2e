import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bestThreshold } from '../../../src/stats/threshold.ts';

test('lies midway between the scores it parts', () => {
  expect(bestThreshold([5, 4, 2, 1], [1, 1, 0, 0])).toBe(3);
  expect(bestThreshold([5, 4, 2, 1], [1, 0, 1, 0])).toBe(4.5);
});

test('is infinite where members never score higher', () => {
  expect(bestThreshold([1, 2], [1, 0])).toBe(Number.POSITIVE_INFINITY);
  expect(bestThreshold([3, 3], [1, 0])).toBe(Number.POSITIVE_INFINITY);
});

test('no other threshold has a larger TPR − FPR', () => {
  const advantage = (scores: number[], members: number[], threshold: number) => {
    const share = (bit: number) => {
      const of = scores.filter((_, at) => members[at] === bit);
      return of.filter((score) => score >= threshold).length / of.length;
    };
    return share(1) - share(0);
  };
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.constantFrom(0, 1)), { minLength: 4 }),
      (pairs) => {
        const scores = pairs.map(([score]) => score);
        const members = pairs.map(([, member]) => member);
        fc.pre(new Set(members).size === 2);
        const best = advantage(scores, members, bestThreshold(scores, members));
        for (const score of scores)
          expect(advantage(scores, members, score)).toBeLessThanOrEqual(best + 1e-12);
      },
    ),
  );
});
