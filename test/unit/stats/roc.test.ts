import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rocCurve, thinCurve, truePositivesAt } from '../../../src/stats/roc.ts';
import { weightedAuc } from '../../../src/stats/weighted-auc.ts';

const candidates = fc
  .array(
    fc.record({ score: fc.integer({ min: 0, max: 6 }), member: fc.integer({ min: 0, max: 1 }) }),
    {
      minLength: 2,
      maxLength: 30,
    },
  )
  .filter((list) => new Set(list.map(({ member }) => member)).size === 2)
  .map((list) => ({
    scores: list.map(({ score }) => score),
    members: list.map(({ member }) => member),
  }));

test('AUC counts the pairs a member wins, ties half; counts repeat candidates', () => {
  fc.assert(
    fc.property(candidates, fc.infiniteStream(fc.integer({ min: 1, max: 3 })), (list, stream) => {
      const counts = Float64Array.from(list.scores, () => stream.next().value as number);
      let wins = 0;
      let pairs = 0;
      list.members.forEach((member, i) => {
        list.members.forEach((other, j) => {
          if (member !== 1 || other !== 0) return;
          const weight = (counts[i] as number) * (counts[j] as number);
          const [a, b] = [list.scores[i] as number, list.scores[j] as number];
          pairs += weight;
          wins += weight * (a > b ? 1 : a === b ? 0.5 : 0);
        });
      });
      expect(weightedAuc(list)(counts)).toBeCloseTo(wins / pairs, 12);
    }),
  );
});

test('the area under the ROC curve is the AUC', () => {
  fc.assert(
    fc.property(candidates, (list) => {
      const curve = rocCurve(list);
      let area = 0;
      for (let at = 1; at < curve.length; at++) {
        const [[x0, y0], [x1, y1]] = [curve[at - 1], curve[at]] as [
          [number, number],
          [number, number],
        ];
        area += ((x1 - x0) * (y0 + y1)) / 2;
      }
      const ones = new Float64Array(list.scores.length).fill(1);
      expect(area).toBeCloseTo(weightedAuc(list)(ones), 12);
      expect(curve[0]).toEqual([0, 0]);
      expect(curve.at(-1)).toEqual([1, 1]);
    }),
  );
});

test('a score that is no number claims nothing', () => {
  const list = { scores: [Number.NaN, 1, 2], members: [1, 0, 1] };
  expect(weightedAuc(list)(new Float64Array(3).fill(1))).toBe(0.5);
});

test('0 and -0 are tied, and so are no number and minus infinity', () => {
  for (const [a, b] of [
    [0, -0],
    [Number.NaN, Number.NEGATIVE_INFINITY],
  ] as const)
    for (const scores of [
      [a, b],
      [b, a],
    ]) {
      const list = { scores, members: [1, 0] };
      expect(weightedAuc(list)(new Float64Array(2).fill(1))).toBe(0.5);
      expect(rocCurve(list)).toEqual([
        [0, 0],
        [1, 1],
      ]);
    }
});

test('true positives at a false positive rate', () => {
  const list = { scores: [9, 8, 7, 6, 5, 4], members: [1, 1, 0, 1, 0, 0] };
  expect(truePositivesAt(list, 0).truePositives).toBe(2);
  expect(truePositivesAt(list, 0.34)).toEqual({ truePositives: 3, members: 3, nonMembers: 3 });
});

test('a thinned curve keeps its ends, and what a log-log plot shows of its beginning', () => {
  const curve = Array.from({ length: 10_001 }, (_, at) => [at / 10_000, at / 10_000] as const);
  const thin = thinCurve(curve, 100);
  expect(thin.length).toBeLessThanOrEqual(100);
  expect(thin.length).toBeGreaterThan(70);
  expect([thin[0], thin.at(-1)]).toEqual([
    [0, 0],
    [1, 1],
  ]);
  expect(thin).toEqual(thin.toSorted(([a], [b]) => a - b));
  for (const rate of [1e-4, 1e-3, 1e-2]) {
    const within = thin.filter(([fpr]) => fpr >= rate && fpr <= 10 * rate);
    expect(within.length).toBeGreaterThan(4);
  }
  expect(thinCurve(curve.slice(0, 50), 100)).toHaveLength(50);
});

test('without members or non-members there is no curve', () => {
  expect(() => rocCurve({ scores: [1, 2], members: [1, 1] })).toThrow(/0 non-members/);
});
