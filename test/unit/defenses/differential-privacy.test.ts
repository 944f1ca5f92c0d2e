import { describe, expect, test } from 'vitest';
import { dpGaussian } from '../../../defenses/dp-gaussian.ts';
import { dpLaplace } from '../../../defenses/dp-laplace.ts';
import { laplaceNoise } from '../../../defenses/laplace.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { privacySpent } from '../../../src/stats/privacy-accountant.ts';

type GaussianParams = Parameters<NonNullable<typeof dpGaussian.training>>[0];
const gaussian = (params: Partial<GaussianParams>) =>
  dpGaussian.training?.(dpGaussian.meta.params.parse(params) as GaussianParams);

describe('dp-gaussian', () => {
  // MaskCrypt: 300 samples, batches of 32, five local epochs; drawn for four rounds.
  const schedule = { samples: 300, batchSize: 32, stepsPerRound: 50, participations: 4 };
  const samplingRate = 32 / 300;

  test('composed: all rounds of a client together spend ε', () => {
    const rule = gaussian({ epsilon: 8 });
    const noiseMultiplier = rule?.noiseMultiplier(schedule) as number;
    const spent = privacySpent({ samplingRate, noiseMultiplier, steps: 200 }, 1e-5);
    expect(spent).toBeLessThanOrEqual(8);
    expect(spent).toBeGreaterThan(7.9);
    expect(rule?.clip).toBe(1);
  });

  test('per-round: one round spends ε, and all of them more', () => {
    const noiseMultiplier = gaussian({ epsilon: 8, reading: 'per-round' })?.noiseMultiplier(
      schedule,
    ) as number;
    const spent = (steps: number) => privacySpent({ samplingRate, noiseMultiplier, steps }, 1e-5);
    expect(spent(50)).toBeLessThanOrEqual(8);
    expect(spent(50)).toBeGreaterThan(7.9);
    expect(spent(200)).toBeGreaterThan(12);
  });

  test('twenty rounds at ε = 50 each spend 312, as docs/defenses.md says', () => {
    const twenty = { ...schedule, participations: 20 };
    const perRound = gaussian({ reading: 'per-round' })?.noiseMultiplier(twenty) as number;
    expect(perRound).toBeCloseTo(0.38, 2);
    const mechanism = { samplingRate, noiseMultiplier: perRound, steps: 1000 };
    expect(privacySpent(mechanism, 1e-5)).toBeCloseTo(312, -0.5);
    expect(gaussian({})?.noiseMultiplier(twenty)).toBeCloseTo(0.77, 2);
  });

  test('the readings agree for a client that is drawn once', () => {
    const once = { ...schedule, participations: 1 };
    expect(gaussian({})?.noiseMultiplier(once)).toBe(
      gaussian({ reading: 'per-round' })?.noiseMultiplier(once),
    );
    expect(gaussian({})?.noiseMultiplier(once)).toBeLessThan(
      gaussian({})?.noiseMultiplier(schedule) as number,
    );
  });

  test('needs most noise where a single sample is the whole local set', () => {
    const probe = { samples: 1, batchSize: 1, stepsPerRound: 1, participations: 1 };
    const noiseMultiplier = gaussian({ epsilon: 1 })?.noiseMultiplier(probe) as number;
    // One plain Gaussian of (1, 1e-5): the classic bound √(2 ln(1.25/δ))/ε = 4.84 is above it.
    expect(noiseMultiplier).toBeLessThan(4.85);
    expect(noiseMultiplier).toBeGreaterThan(3.7);
  });

  test('refuses budgets that are none', () => {
    for (const wrong of [{ epsilon: 0 }, { delta: 1 }, { clip: 0 }, { reading: 'yearly' }])
      expect(dpGaussian.meta.params.safeParse(wrong).success).toBe(false);
  });
});

describe('Laplace noise', () => {
  const values = Float32Array.from({ length: 20_000 }, (_, at) => at / 20_000);
  const mask = Uint8Array.from(values, (_, at) => at % 2);
  const update = { client: 0, round: 1, samples: 1, values, mask };

  test('is added to the plaintext part only', () => {
    const noisy = laplaceNoise(0.5)?.({ ...update, random: randomStream(1) }) as Float32Array;
    mask.forEach((bit, at) => {
      if (bit === 1) expect(noisy[at]).toBe(values[at]);
      else expect(noisy[at]).not.toBe(values[at]);
    });
  });

  test('has the moments and the tails of scale b', () => {
    const noisy = laplaceNoise(0.5)?.({ ...update, random: randomStream(2) }) as Float32Array;
    const noise = [...noisy].map((value, at) => (value - (values[at] as number)) / 0.5);
    const drawn = noise.filter((_, at) => mask[at] === 0);
    const n = drawn.length;
    const share = (event: (value: number) => boolean) => drawn.filter(event).length / n;
    const mean = (f: (value: number) => number) =>
      drawn.reduce((sum, value) => sum + f(value), 0) / n;
    // 10,000 draws, five standard errors: Var = 2, E|x| = 1 with variance 1, Var(x²) = 24 − 4.
    expect(Math.abs(mean((value) => value))).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(mean(Math.abs) - 1)).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.abs(mean((value) => value ** 2) - 2)).toBeLessThan(5 * Math.sqrt(20 / n));
    // P(|x| > 3) = e⁻³ = .0498; a Gaussian of that variance has .034.
    expect(Math.abs(share((value) => Math.abs(value) > 3) - Math.exp(-3))).toBeLessThan(
      5 * Math.sqrt(0.05 / n),
    );
    expect(Math.abs(share((value) => value > 0) - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / n));
  });

  test('is nothing at scale 0', () => {
    expect(laplaceNoise(0)).toBeUndefined();
    expect(dpLaplace.perturb?.({ scale: 0 })).toBeUndefined();
    expect(dpLaplace.perturb?.({ scale: 0.01 })).toBeDefined();
  });
});
