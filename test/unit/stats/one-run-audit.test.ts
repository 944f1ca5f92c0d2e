import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/engine/random.ts';
import { clopperPearson } from '../../../src/stats/binomial.ts';
import { auditPairs, guessesPValue } from '../../../src/stats/one-run-audit.ts';
import { privacySpent } from '../../../src/stats/privacy-accountant.ts';

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** P[Binomial(r, q) ≥ v], term by term. */
function tail(r: number, q: number, v: number): number {
  let sum = 0;
  for (let k = Math.max(0, v); k <= r; k++) {
    let binomial = 1;
    for (let i = 0; i < k; i++) binomial *= (r - i) / (i + 1);
    sum += binomial * q ** k * (1 - q) ** (r - k);
  }
  return sum;
}

describe('the chance of right guesses under (ε, δ)', () => {
  test('with all of m right and δ = 0 it is q^m', () => {
    const guesses = { examples: 40, made: 40, right: 40 };
    expect(guessesPValue(guesses, 1.5, 0)).toBeCloseTo(logistic(1.5) ** 40, 14);
  });

  test('with none required it is 1', () => {
    expect(guessesPValue({ examples: 9, made: 5, right: 0 }, 0.3, 0)).toBeCloseTo(1, 12);
  });

  test('with δ it is the theorem’s sum, written out', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }).chain((made) =>
          fc.record({
            made: fc.constant(made),
            examples: fc.integer({ min: made, max: 60 }),
            right: fc.integer({ min: 0, max: made }),
          }),
        ),
        fc.double({ min: 0, max: 6, noNaN: true }),
        fc.double({ min: 0, max: 0.02, noNaN: true }),
        (guesses, epsilon, delta) => {
          const { made, examples, right } = guesses;
          const f = (v: number) => tail(made, logistic(epsilon), v);
          const slopes = Array.from(
            { length: right },
            (_, i) => (f(right - i - 1) - f(right)) / (i + 1),
          );
          const expected = f(right) + 2 * examples * delta * Math.max(0, ...slopes);
          // Sums of at most 31 terms of relative error 1e-13.
          expect(guessesPValue(guesses, epsilon, delta)).toBeCloseTo(Math.min(1, expected), 10);
        },
      ),
    );
  });

  test.each([
    { examples: 5, made: 6, right: 3 },
    { examples: 5, made: 4, right: 5 },
    { examples: 5, made: 4, right: 1.5 },
  ])('refuses %j', (guesses) => {
    expect(() => guessesPValue(guesses, 1, 0)).toThrow(RangeError);
  });
});

describe('an audit by pairs', () => {
  const ones = (count: number) => new Uint8Array(count).fill(1);

  test('all right: half the ε whose randomised response does it with probability .05', () => {
    // 20 pairs are one try: q^20 = .05, 2ε = ln q/(1 − q).
    const q = 0.05 ** (1 / 20);
    expect(auditPairs(ones(20), { delta: 0 }).epsilon).toBeCloseTo(Math.log(q / (1 - q)) / 2, 5);
  });

  test('some right: half the logit of Clopper and Pearson’s lower bound', () => {
    // Two tries at 31 pairs would be 15: too few, so that there is one.
    const right = Uint8Array.from({ length: 31 }, (_, at) => (at % 5 === 0 ? 0 : 1));
    const hits = right.reduce((sum, bit) => sum + bit, 0);
    const { low } = clopperPearson(hits, 31, 0.9);
    expect(auditPairs(right, { delta: 0 }).epsilon).toBeCloseTo(Math.log(low / (1 - low)) / 2, 5);
  });

  test('half right, or none at all: nothing', () => {
    const half = Uint8Array.from({ length: 400 }, (_, at) => at % 2);
    expect(auditPairs(half, { delta: 0 })).toEqual({ epsilon: 0, made: 0, right: 0 });
    expect(auditPairs([], { delta: 0 }).epsilon).toBe(0);
  });

  test('the surest guesses may show what all together don’t', () => {
    const sure = Uint8Array.from({ length: 512 }, (_, at) => (at < 64 ? 1 : at % 2));
    const audit = auditPairs(sure, { delta: 0 });
    expect(audit).toMatchObject({ made: 64, right: 64 });
    // Six tries: 512, 256, … 16.
    const q = (0.05 / 6) ** (1 / 64);
    expect(audit.epsilon).toBeCloseTo(Math.log(q / (1 - q)) / 2, 5);
  });

  test('a larger δ explains more', () => {
    const bounds = [0, 1e-6, 1e-5, 1e-4].map((delta) => auditPairs(ones(200), { delta }).epsilon);
    expect(bounds).toEqual(bounds.toSorted((a, b) => b - a));
    expect(new Set(bounds).size).toBe(4);
  });

  test('names too large an ε in at most 5 % of audits of randomised response', () => {
    // The worst mechanism there is for ε: it tells of each pair rightly with e^2ε / (1 + e^2ε).
    const epsilon = 0.8;
    const random = randomStream('randomised response');
    const audits = 1000;
    let wrong = 0;
    for (let audit = 0; audit < audits; audit++) {
      const right = Uint8Array.from({ length: 100 }, () =>
        random.uniform() < logistic(2 * epsilon) ? 1 : 0,
      );
      if (auditPairs(right, { delta: 0 }).epsilon > epsilon) wrong++;
    }
    // 50 expected at most, standard deviation 7.
    expect(wrong).toBeGreaterThan(0);
    expect(wrong).toBeLessThan(50 + 3 * 7);
  });

  // A sum with one coordinate per sample, under Gaussian noise: what an accountant is exact for.
  test.each([0.3, 0.5, 1, 2, 8])(
    'of a Gaussian mechanism stays below its accountant’s ε (σ = %f)',
    (noiseMultiplier) => {
      const upper = privacySpent({ samplingRate: 1, noiseMultiplier, steps: 1 }, 1e-5);
      const bounds = [1, 2, 3, 4, 5].map((seed) => {
        const random = randomStream(seed, 'gaussian mechanism');
        const noise = () => noiseMultiplier * random.normal();
        const leads = Array.from({ length: 1000 }, () => 1 + noise() - noise());
        const right = leads
          .toSorted((a, b) => Math.abs(b) - Math.abs(a))
          .map((lead) => (lead > 0 ? 1 : 0));
        return auditPairs(right, { delta: 1e-5 }).epsilon;
      });
      for (const lower of bounds) expect(lower).toBeLessThan(upper);
      if (noiseMultiplier <= 2) for (const lower of bounds) expect(lower).toBeGreaterThan(0.1);
    },
  );
});
