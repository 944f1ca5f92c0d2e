import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { coordinateSet } from '../src/view/coordinate-set.ts';
import { efficiency, efficient } from './efficiency/index.ts';
import { laplaceNoise, laplaceScale } from './laplace.ts';
import { encryptRatio, globalModel, maskSize, refresh } from './parameters.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from './trust.ts';

const params = z.strictObject({
  ratio: encryptRatio.default(0.05),
  refresh,
  laplace: laplaceScale.default(0),
  efficiency,
  globalModel,
});

/** ρN coordinates drawn uniformly by the server: what any informed mask has to beat. */
export const random = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'random',
    version: 1,
    title: 'Random mask',
    source: 'Baseline of MaskCrypt (TDSC 2024), §6: a mask of the same size, drawn each round',
    params,
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: ({ refresh }) => (refresh === 'once' ? 'once' : 'every-round'),
    agree: ({ size, random }, { ratio }) =>
      coordinateSet(size, random.sample(size, maskSize(ratio, size))),
  },
  perturb: ({ laplace }) => laplaceNoise(laplace),
  ...efficient,
  serverLearns: (params) => params.globalModel,
  targetRatio: ({ ratio }) => ratio,
  control: true,
  trust: {
    encrypted: 'ρN coordinates drawn by the server, each round or once',
    key: sharedKey.key,
    serverLearns: `the rest of every update in plaintext, the mask, ${globalModelsAsSet}`,
    brokenBy: `${sharedKey.brokenBy}; ${decryptedValuesReturned}`,
  },
});
