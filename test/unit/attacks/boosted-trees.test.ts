import { expect, test } from 'vitest';
import { boostTrees } from '../../../attacks/classifier/boosted-trees.ts';
import type { Table } from '../../../attacks/classifier/standardise.ts';
import { randomStream } from '../../../src/engine/random.ts';

const table = (width: number, ...values: number[]): Table => ({
  width,
  values: Float32Array.from(values),
});
const settings = { trees: 1, depth: 1, learningRate: 1, regularisation: 1, leastCurvature: 0 };

test('one stump: leaves are −G/(H + λ) at p = ½', () => {
  // Members at 3 and 4, others at 1 and 2: G = ∓2·½ and H = 2·¼ on either side of 2.5.
  const logit = boostTrees(table(1, 3, 4), table(1, 1, 2), settings);
  expect(logit([2.4])).toBeCloseTo(-1 / 1.5, 12);
  expect(logit([2.6])).toBeCloseTo(1 / 1.5, 12);
});

test('a second tree starts from what the first left over', () => {
  const logit = boostTrees(table(1, 3, 4), table(1, 1, 2), { ...settings, trees: 2 });
  const first = 1 / 1.5;
  const p = 1 / (1 + Math.exp(-first));
  expect(logit([3])).toBeCloseTo(first + (2 * (1 - p)) / (2 * p * (1 - p) + 1), 12);
});

test('splits on the column that tells, wherever it stands', () => {
  const logit = boostTrees(table(2, 7, 1, 7, 2), table(2, 7, 8, 7, 9), settings);
  expect(logit([7, 0])).toBeGreaterThan(0);
  expect(logit([7, 9])).toBeLessThan(0);
});

test('learns what no single column tells (exclusive or), from noisy rows', () => {
  const random = randomStream(1, 'xor');
  const rows = (member: boolean) =>
    table(
      2,
      ...Array.from({ length: 100 }, () => {
        const x = random.uniform() < 0.5;
        return [x ? 1 : 0, x === member ? 0 : 1].map((bit) => bit + 0.2 * random.normal());
      }).flat(),
    );
  const logit = boostTrees(rows(true), rows(false), {
    ...settings,
    ...{ trees: 30, depth: 3, learningRate: 0.3, leastCurvature: 1 },
  });
  expect(logit([1, 0])).toBeGreaterThan(1);
  expect(logit([0, 1])).toBeGreaterThan(1);
  expect(logit([1, 1])).toBeLessThan(-1);
  expect(logit([0, 0])).toBeLessThan(-1);
});

test('rows that are all alike, or too few for a leaf, give no opinion', () => {
  const alike = boostTrees(table(1, 5, 5), table(1, 5, 5), settings);
  expect(alike([5])).toBeCloseTo(0, 12);
  const few = boostTrees(table(1, 2), table(1, 1), { ...settings, leastCurvature: 1 });
  expect(few([2])).toBeCloseTo(0, 12);
});
