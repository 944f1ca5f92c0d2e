import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { efficiency, efficient } from './efficiency/index.ts';
import { encryptRatio, globalModelKeptEncrypted, maskSize } from './parameters.ts';
import { topScores } from './selection/top-scores.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from './trust.ts';

const params = z.strictObject({
  ratio: encryptRatio.default(0.1),
  efficiency,
  globalModel: globalModelKeptEncrypted,
});

/** The parameters with the largest per-sample gradients; FedML-HE's mask by a cheaper road. */
export const gradientMagnitude = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'gradient-magnitude',
    version: 1,
    title: 'Gradient magnitude mask',
    source:
      'Control for FedML-HE (2023): scores are the mean of |∂ℓ_k/∂w_m| over a client’s samples. Cross-entropy is linear in its label, so this equals FedML-HE’s sensitivity, and so must the mask; all else is as there.',
    params,
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-fedmlhe',
  mask: {
    when: () => 'before-training',
    score: (client) => client.meanAbsoluteGradient(),
    select: (scores, { size }, { ratio }) => topScores(scores, maskSize(ratio, size)),
  },
  ...efficient,
  serverLearns: ({ globalModel }) => globalModel,
  targetRatio: ({ ratio }) => ratio,
  trust: {
    encrypted: 'ρN coordinates of the largest per-sample gradients',
    key: sharedKey.key,
    serverLearns: `the rest of every update in plaintext, the mask (chosen from all clients’ data), ${globalModelsAsSet}`,
    brokenBy: `${sharedKey.brokenBy}; ${decryptedValuesReturned}`,
  },
});
