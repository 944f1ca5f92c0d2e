import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  noiseForBudget,
  privacySpent,
  renyiEpsilon,
  renyiOrders,
} from '../../../src/stats/privacy-accountant.ts';

/** Training for `epochs` passes over n samples in batches of `batch`. */
const training = (n: number, batch: number, noiseMultiplier: number, epochs: number) => ({
  samplingRate: batch / n,
  noiseMultiplier,
  steps: Math.ceil((epochs * n) / batch),
});

describe('the Rényi privacy of the sampled Gaussian mechanism', () => {
  // Published: tests of Google's dp-accounting, test_compute_rdp_poisson_sampled_gaussian
  // (σ 2.5, q .01, 50 steps), given to five digits.
  test.each([
    [1.5, 6.5007e-4],
    [2.5, 1.0854e-3],
    [5, 2.1808e-3],
    [50, 2.3846e-2],
    [100, 1.6742e2],
  ])('agrees with the published value at order %f', (order, published) => {
    const epsilon = renyiEpsilon({ samplingRate: 0.01, noiseMultiplier: 2.5, steps: 50 }, order);
    expect(epsilon / published).toBeCloseTo(1, 4);
  });

  test('is the closed form α/2σ² without sampling', () => {
    expect(renyiEpsilon({ samplingRate: 1, noiseMultiplier: 3, steps: 7 }, 2.5)).toBeCloseTo(
      (7 * 2.5) / 18,
      12,
    );
  });

  test('comes out the same by the binomial sum as by integration', () => {
    // 1e-9 beside a whole order the moment differs by some 1e-8 of itself.
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.99, noNaN: true }),
        fc.double({ min: 0.2, max: 20, noNaN: true }),
        fc.integer({ min: 2, max: 60 }),
        (samplingRate, noiseMultiplier, order) => {
          const mechanism = { samplingRate, noiseMultiplier, steps: 1 };
          const [sum, integral] = [order, order + 1e-9].map((at) => renyiEpsilon(mechanism, at));
          expect(Math.abs((integral as number) - (sum as number))).toBeLessThan(
            1e-6 * (sum as number) + 1e-12,
          );
        },
      ),
    );
  });

  test('is within the quadratic expansion at a small sampling rate', () => {
    // A_α = 1 + α(α−1)/2 · q² (e^{1/σ²} − 1) + O(q³).
    const [q, sigma, order] = [1e-4, 2, 1.3];
    const expected = (order / 2) * q ** 2 * Math.expm1(1 / sigma ** 2);
    const mechanism = { samplingRate: q, noiseMultiplier: sigma, steps: 1 };
    expect(renyiEpsilon(mechanism, order) / expected).toBeCloseTo(1, 3);
  });
});

describe('the budget spent', () => {
  // Published: tests of TensorFlow Privacy, compute_dp_sgd_privacy_test.py, Test0 and Test1. Their
  // best orders, 19 and 13, are among ours.
  test.each([
    [60_000, 150, 1.3, 15, 1e-5, 0.7242234026109595],
    [100_000, 100, 1.0, 30, 1e-7, 1.4154988495444845],
  ])(
    'agrees with TensorFlow Privacy: n %i, batch %i, σ %f, %i epochs',
    (n, batch, sigma, epochs, delta, published) => {
      expect(privacySpent(training(n, batch, sigma, epochs), delta)).toBeCloseTo(published, 7);
    },
  );

  // Published: table of TensorFlow Privacy's MNIST tutorial, under the older conversion of Mironov
  // 2017, Proposition 3; ours is never above it.
  test.each([
    [1.12, 60, 2.92],
    [1.2, 10, 1.2],
  ])('agrees with the MNIST tutorial: σ %f, %i epochs', (sigma, epochs, published) => {
    const mechanism = training(60_000, 256, sigma, epochs);
    const older = renyiOrders.map(
      (order) => renyiEpsilon(mechanism, order) + Math.log(1e5) / (order - 1),
    );
    expect(Math.min(...older)).toBeCloseTo(published, 2);
    expect(privacySpent(mechanism, 1e-5)).toBeLessThan(published);
  });

  test('agrees with dp-accounting on one Gaussian: σ 4.5309 is (1, 1e-6)', () => {
    // To 1e-5: their test has a finer grid of orders.
    const once = { samplingRate: 1, noiseMultiplier: 4.530877117, steps: 1 };
    expect(privacySpent(once, 1e-6)).toBeCloseTo(1, 5);
  });

  test('is an upper bound of the exact δ of one Gaussian', () => {
    // Balle & Wang 2018, Theorem 8: δ(ε) = Φ(1/2σ − εσ) − e^ε Φ(−1/2σ − εσ).
    for (const sigma of [0.5, 1, 3]) {
      const epsilon = privacySpent({ samplingRate: 1, noiseMultiplier: sigma, steps: 1 }, 1e-5);
      const exact =
        normalCdf(0.5 / sigma - epsilon * sigma) -
        Math.exp(epsilon) * normalCdf(-0.5 / sigma - epsilon * sigma);
      expect(exact).toBeLessThan(1e-5);
      expect(exact).toBeGreaterThan(1e-7);
    }
  });

  test('falls with the noise, rises with steps and sampling', () => {
    const base = { samplingRate: 0.1, noiseMultiplier: 1, steps: 100 };
    const spent = privacySpent(base, 1e-5);
    expect(privacySpent({ ...base, noiseMultiplier: 1.1 }, 1e-5)).toBeLessThan(spent);
    expect(privacySpent({ ...base, steps: 110 }, 1e-5)).toBeGreaterThan(spent);
    expect(privacySpent({ ...base, samplingRate: 0.11 }, 1e-5)).toBeGreaterThan(spent);
    expect(privacySpent({ ...base, noiseMultiplier: 0 }, 1e-5)).toBe(Number.POSITIVE_INFINITY);
    expect(privacySpent({ ...base, samplingRate: 0 }, 1e-5)).toBe(0);
  });
});

describe('the noise for a budget', () => {
  test('spends the budget and hardly less', () => {
    for (const epsilon of [0.5, 8, 50, 500]) {
      const run = { samplingRate: 32 / 300, steps: 250 };
      const noiseMultiplier = noiseForBudget(run, epsilon, 1e-5);
      const spent = privacySpent({ ...run, noiseMultiplier }, 1e-5);
      expect(spent).toBeLessThanOrEqual(epsilon);
      // σ is right to 1e-4; ε reacts to σ at most some thirty times as strongly here.
      expect(spent).toBeGreaterThan(0.995 * epsilon);
    }
  });

  test('is that of a plain Gaussian where everything is in every batch', () => {
    // Minimising α/2σ² + ln(1−1/α) − ln(δα)/(α−1) over a fine grid for dp-accounting's own case.
    expect(noiseForBudget({ samplingRate: 1, steps: 1 }, 1, 1e-6)).toBeCloseTo(4.5309, 2);
  });

  test('names a budget that no noise meets, and arguments out of range', () => {
    const run = { samplingRate: 1, steps: 10 };
    expect(() => noiseForBudget(run, 1e-9, 1e-300)).toThrow('No noise up to 1e6');
    expect(() => noiseForBudget(run, 0, 1e-5)).toThrow('ε of 0');
    expect(() => noiseForBudget(run, 1, 0)).toThrow('δ = 0');
    expect(() => privacySpent({ ...run, samplingRate: 1.1, noiseMultiplier: 1 }, 0.1)).toThrow(
      'sampling rate of 1.1',
    );
    expect(() => renyiEpsilon({ ...run, noiseMultiplier: 1 }, 1)).toThrow('Rényi order of 1');
  });
});

/** Φ by the trapezoidal rule, to 1e-12. */
function normalCdf(x: number): number {
  let sum = 0;
  const step = 1e-3;
  for (let at = x; at > x - 20; at -= step)
    sum += ((at === x ? 0.5 : 1) * Math.exp((-at * at) / 2) * step) / Math.sqrt(2 * Math.PI);
  return sum;
}
