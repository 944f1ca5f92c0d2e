import { z } from 'zod';
import { defineDefense, type LocalRule } from '../src/api/defense.ts';
import { noiseForBudget } from '../src/stats/privacy-accountant.ts';

const params = z.strictObject({
  reading: z
    .enum(['composed', 'per-round'])
    .default('composed')
    .describe(
      'What ε covers. composed: all rounds a client takes part in. per-round: one round, as MaskCrypt’s baseline and its code do; over r rounds a client then spends up to r times as much',
    ),
  epsilon: z.number().positive().default(50).describe('ε: the privacy budget of each sample'),
  delta: z.number().positive().lt(1).default(1e-5).describe('δ'),
  clip: z
    .number()
    .positive()
    .default(1)
    .describe('C: what the gradient of a sample is clipped to, in L2 norm'),
});

/** Clients train by DP-SGD; no encryption. */
export const dpGaussian = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'dp-gaussian',
    version: 1,
    title: 'DP-SGD (Gaussian)',
    source:
      'Abadi et al. 2016, Algorithm 1; baseline of MaskCrypt (TDSC 2024), §6, with ε = 50 and δ = 1e-5. The noise follows from (ε, δ) by a Rényi accountant of the sampled Gaussian mechanism (Mironov et al. 2019), for neighbouring local sets that differ by one sample. MaskCrypt’s framework (Plato) calibrates each round’s training for itself (reading: per-round), with C = 1.',
    params,
  },
  keys: () => ({ setup: 'none' }),
  scheme: () => 'plain',
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size),
  },
  training: (params) => dpSgdRule(params),
  serverLearns: () => 'aggregate',
  targetRatio: () => 0,
  trust: {
    encrypted: 'nothing',
    key: 'none',
    serverLearns: 'every update and every global model, all trained under noise',
    brokenBy:
      'nobody beyond (ε, δ) per sample; with reading: per-round, beyond what rounds add up to',
  },
});

function dpSgdRule({ reading, epsilon, delta, clip }: z.infer<typeof params>): LocalRule {
  // Clients of the same schedule have the same noise; finding it takes some 50 ms.
  const found = new Map<string, number>();
  return {
    clip,
    noiseMultiplier({ samples, batchSize, stepsPerRound, participations }) {
      const steps = stepsPerRound * (reading === 'composed' ? participations : 1);
      const samplingRate = batchSize / samples;
      const key = `${samplingRate} ${steps}`;
      const noise = found.get(key) ?? noiseForBudget({ samplingRate, steps }, epsilon, delta);
      found.set(key, noise);
      return noise;
    },
  };
}
