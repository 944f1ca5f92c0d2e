import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { coordinateSet } from '../src/view/coordinate-set.ts';
import { efficiency, efficient } from './efficiency/index.ts';
import { consensus, encryptRatio, globalModel, maskSize, refresh } from './parameters.ts';
import { maskConsensus } from './selection/consensus.ts';
import { topCoordinates } from './selection/top-coordinates.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from './trust.ts';

const params = z.strictObject({
  ratio: encryptRatio.default(0.05),
  consensus,
  refresh,
  efficiency,
  globalModel,
});

/** Each client proposes its largest weights: a choice that looks at the model but not at the loss. */
export const weightMagnitude = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'weight-magnitude',
    version: 1,
    title: 'Weight magnitude mask',
    source:
      'Control for MaskCrypt and FedML-HE: ρN coordinates of the largest |w_t^k|, agreed by MaskCrypt’s Algorithm 1',
    params,
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: ({ refresh }) => (refresh === 'once' ? 'once' : 'every-round'),
    propose: async ({ localModel, layout }, _, { ratio }) =>
      topCoordinates(Float64Array.from(localModel, Math.abs), maskSize(ratio, layout.size)),
    agree({ proposals, size }, { ratio, consensus }) {
      const count = maskSize(ratio, size);
      return coordinateSet(size, maskConsensus(proposals, count, size, consensus));
    },
  },
  ...efficient,
  serverLearns: ({ globalModel }) => globalModel,
  targetRatio: ({ ratio }) => ratio,
  trust: {
    encrypted: 'ρN coordinates of the largest weights, agreed by all clients',
    key: sharedKey.key,
    serverLearns: `the rest of every update in plaintext, the mask, every client’s ordered proposal, ${globalModelsAsSet}`,
    brokenBy: `${sharedKey.brokenBy}; ${decryptedValuesReturned}`,
  },
});
