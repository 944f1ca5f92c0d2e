import { expect, test } from 'vitest';
import { clopperPearson, negativesToSupport } from '../../../src/stats/binomial.ts';

test('closed forms at the ends: 0 of n and n of n', () => {
  for (const n of [1, 5, 50, 3688]) {
    expect(clopperPearson(0, n).low).toBe(0);
    expect(clopperPearson(0, n).high).toBeCloseTo(1 - 0.025 ** (1 / n), 10);
    expect(clopperPearson(n, n).low).toBeCloseTo(0.025 ** (1 / n), 10);
    expect(clopperPearson(n, n).high).toBe(1);
  }
});

test('each bound has exactly 2.5 % of the binomial beyond it', () => {
  const [successes, trials] = [7, 20];
  const { low, high } = clopperPearson(successes, trials);
  expect(1 - binomialCdf(successes - 1, trials, low)).toBeCloseTo(0.025, 8);
  expect(binomialCdf(successes, trials, high)).toBeCloseTo(0.025, 8);
});

test('impossible counts are refused', () => {
  for (const [successes, trials] of [
    [-1, 5],
    [6, 5],
    [0, 0],
    [0.5, 5],
  ] as const)
    expect(() => clopperPearson(successes, trials)).toThrow(RangeError);
});

test('non-members needed to support a false positive rate', () => {
  expect(negativesToSupport(0.001)).toBe(3688);
  expect(negativesToSupport(0.01)).toBe(368);
});

function binomialCdf(upTo: number, trials: number, share: number): number {
  let term = (1 - share) ** trials;
  let sum = term;
  for (let k = 1; k <= upTo; k++) {
    term *= ((trials - k + 1) / k) * (share / (1 - share));
    sum += term;
  }
  return sum;
}
