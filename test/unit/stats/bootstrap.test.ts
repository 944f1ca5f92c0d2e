import { expect, test } from 'vitest';
import { randomStream } from '../../../src/engine/random.ts';
import {
  bootstrapP,
  type Cluster,
  clusterMean,
  hasSpread,
  hierarchicalBootstrap,
  holm,
  percentileInterval,
  valueCluster,
} from '../../../src/stats/bootstrap.ts';

/** A client whose statistic is the mean of its samples. */
function sampleMean(values: readonly number[]): Cluster {
  return {
    strata: [Uint32Array.from(values.keys())],
    statistic(counts) {
      let sum = 0;
      let total = 0;
      values.forEach((value, at) => {
        sum += value * (counts[at] as number);
        total += counts[at] as number;
      });
      return sum / total;
    },
  };
}

test('the spread of one client is the standard error of its mean', () => {
  const random = randomStream(1);
  const values = Array.from({ length: 200 }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / 200;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 200);
  const spread = hierarchicalBootstrap([[sampleMean(values)]], 4000, randomStream(2));
  const { low, high } = percentileInterval(spread);
  const half = (1.96 * sd) / Math.sqrt(200);
  expect(clusterMean([[sampleMean(values)]])).toBeCloseTo(mean, 12);
  // 4,000 resamples put the percentiles within some 5 % of the normal ones.
  expect(low).toBeGreaterThan(mean - half * 1.1);
  expect(low).toBeLessThan(mean - half * 0.9);
  expect(high).toBeLessThan(mean + half * 1.1);
  expect(high).toBeGreaterThan(mean + half * 0.9);
});

test('differences between clients widen the interval', () => {
  const clients = [0, 1, 2, 3, 4].map((level) => sampleMean([level - 0.1, level, level + 0.1]));
  const { low, high } = percentileInterval(hierarchicalBootstrap([clients], 2000, randomStream(3)));
  expect(high - low).toBeGreaterThan(1.5);
});

test('the 95 % interval covers the truth in about 95 % of experiments', () => {
  const random = randomStream(4);
  let covered = 0;
  const experiments = 300;
  for (let at = 0; at < experiments; at++) {
    const clients = Array.from({ length: 30 }, () => valueCluster(random.normal()));
    const spread = hierarchicalBootstrap([clients], 400, random);
    const { low, high } = percentileInterval(spread);
    if (low <= 0 && 0 <= high) covered++;
  }
  // Percentile intervals of 30 values cover about 93 %; ±4 standard errors around it.
  expect(covered / experiments).toBeGreaterThan(0.87);
  expect(covered / experiments).toBeLessThan(0.99);
});

test('p is large without a difference and small with one', () => {
  expect(bootstrapP(Float64Array.from([-2, -1, 1, 2]), 20)).toBe(1);
  expect(bootstrapP(new Float64Array(99).fill(1), 20)).toBeCloseTo(2 / 100, 12);
  expect(bootstrapP(new Float64Array(99), 20)).toBe(1);
});

test('p is never below what a sign test over the clients could give', () => {
  const certain = new Float64Array(99_999).fill(1);
  expect(bootstrapP(certain, 1)).toBe(1);
  expect(bootstrapP(certain, 4)).toBe(1 / 8);
});

test('one value alone has no spread', () => {
  expect(hasSpread([[valueCluster(3)]])).toBe(false);
  expect(hasSpread([[valueCluster(3)], [valueCluster(3)]])).toBe(true);
  expect(hasSpread([[sampleMean([1, 2])]])).toBe(true);
});

test('Holm by hand', () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(holm([])).toEqual([]);
  expect(holm([0.6, 0.7])).toEqual([1, 1]);
});

test('the same stream gives the same distribution', () => {
  const seeds = [[sampleMean([1, 2, 3, 9])], [sampleMean([4, 5])]];
  const once = () => hierarchicalBootstrap(seeds, 50, randomStream(5));
  expect(once()).toEqual(once());
});
