import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { efficiency, efficient } from './efficiency/index.ts';
import { globalModel } from './parameters.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from './trust.ts';

const params = z.strictObject({ efficiency, globalModel });

/** Every coordinate encrypted: the upper bound of cost and of protection. */
export const full = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'full',
    version: 1,
    title: 'Full encryption',
    source: 'Baseline of MaskCrypt (TDSC 2024), §6: ρ = 1',
    params,
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size).fill(1),
  },
  ...efficient,
  serverLearns: (params) => params.globalModel,
  targetRatio: () => 1,
  trust: {
    encrypted: 'all N weights',
    key: sharedKey.key,
    serverLearns: `no update; ${globalModelsAsSet}`,
    brokenBy: `${sharedKey.brokenBy}; ${decryptedValuesReturned}`,
  },
});
