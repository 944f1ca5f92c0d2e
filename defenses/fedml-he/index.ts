import { z } from 'zod';
import { defineDefense } from '../../src/api/defense.ts';
import { efficiency, efficient } from '../efficiency/index.ts';
import { laplaceNoise, laplaceScale } from '../laplace.ts';
import { encryptRatio, globalModelKeptEncrypted, maskSize } from '../parameters.ts';
import { endLayers } from '../selection/layers.ts';
import { topScores } from '../selection/top-scores.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from '../trust.ts';

const params = z.strictObject({
  ratio: encryptRatio
    .default(0.1)
    .describe('p: share of the coordinates, by sensitivity, that is encrypted, 0 … 1'),
  layers: z
    .enum(['none', 'first', 'last', 'first-and-last'])
    .default('none')
    .describe(
      'Layers encrypted besides; the paper’s recipe for language models is ratio .3 with first-and-last',
    ),
  keys: z
    .enum(['authority', 'threshold'])
    .default('authority')
    .describe(
      'authority: a trusted key authority gives all clients one key pair. threshold: any `threshold` clients open an aggregate together',
    ),
  threshold: z.int().min(1).default(2).describe('t, with threshold keys only'),
  laplace: laplaceScale.default(0),
  efficiency,
  globalModel: globalModelKeptEncrypted,
});

/** The parameters that are most sensitive to the data are encrypted; agreed once, before training. */
export const fedmlHe = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'fedml-he',
    version: 1,
    title: 'FedML-HE',
    source:
      'FedML-HE (2023): sensitivity map S_m = 1/K Σ_k |∂/∂y_k (∂ℓ/∂w_m)|, mask agreement, Algorithm 1. Nobody can rank ciphertexts at multiplicative depth 1, so clients decrypt the aggregated map and select. Threshold keys, the recipe with whole layers and Laplace noise are its variants.',
    params,
  },
  keys: ({ keys, threshold }) =>
    keys === 'threshold' ? { setup: 'threshold', threshold } : { setup: 'shared' },
  scheme: ({ keys }) => (keys === 'threshold' ? 'ckks-threshold' : 'ckks-fedmlhe'),
  mask: {
    when: () => 'before-training',
    score: (client) => client.sensitivity(),
    select(scores, { layout, size }, { ratio, layers }) {
      const mask = topScores(scores, maskSize(ratio, size));
      if (layers === 'none') return mask;
      const whole = endLayers(layout, layers);
      return mask.map((bit, at) => bit | (whole[at] as number));
    },
  },
  perturb: ({ laplace }) => laplaceNoise(laplace),
  ...efficient,
  serverLearns: ({ globalModel }) => globalModel,
  targetRatio: ({ ratio }) => ratio,
  trust: {
    encrypted:
      'the share p of the coordinates most sensitive to the data, and whole layers if asked',
    key: `authority: ${sharedKey.key}. threshold: a joint key of which any t clients open an aggregate`,
    serverLearns: `the rest of every update in plaintext, the mask (chosen from all clients’ data), ${globalModelsAsSet}`,
    brokenBy: `authority: ${sharedKey.brokenBy}, and the authority; ${decryptedValuesReturned}. threshold: nobody alone, any t clients together`,
  },
});
