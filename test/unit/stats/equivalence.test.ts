import { expect, test } from 'vitest';
import { randomStream } from '../../../src/engine/random.ts';
import { percentileInterval } from '../../../src/stats/bootstrap.ts';
import { equivalenceP } from '../../../src/stats/equivalence.ts';
import { normalUpperTail } from '../../../src/stats/normal.ts';

const normal = (mean: number, deviation: number, count = 20_000) => {
  const random = randomStream(1, 'equivalence');
  return Float64Array.from({ length: count }, () => mean + deviation * random.normal()).sort();
};

test('closed form: a normal distribution’s larger tail beyond the margin', () => {
  for (const [mean, deviation] of [
    [0.5, 0.01],
    [0.505, 0.01],
    [0.49, 0.02],
  ] as const) {
    const expected = normalUpperTail((0.02 - Math.abs(mean - 0.5)) / deviation);
    // 20,000 draws: a tail of p varies by √(p(1 − p)/20000), .0034 at most.
    expect(Math.abs(equivalenceP(normal(mean, deviation), 0.5, 0.02) - expected)).toBeLessThan(
      0.011,
    );
  }
});

test('p < .05 is a 90 % interval within the margin', () => {
  for (const deviation of [0.009, 0.011, 0.0119, 0.0125, 0.014]) {
    const sorted = normal(0.5, deviation);
    const { low, high } = percentileInterval(sorted, 0.9);
    expect(equivalenceP(sorted, 0.5, 0.02) < 0.05).toBe(low > 0.48 && high < 0.52);
  }
});

test('a wide interval around chance is not guessing, nor is a precise value far from it', () => {
  expect(equivalenceP(normal(0.5, 0.05), 0.5, 0.02)).toBeGreaterThan(0.3);
  expect(equivalenceP(normal(0.55, 0.001), 0.5, 0.02)).toBeGreaterThan(0.99);
});

test('never claims more than its resamples can', () => {
  expect(equivalenceP(new Float64Array(99).fill(0.5), 0.5, 0.02)).toBe(0.01);
});
