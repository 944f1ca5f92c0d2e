import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { globalModel } from './parameters.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from './trust.ts';

/** Every coordinate encrypted: the upper bound of cost and of protection. */
export const full = defineDefense({
  meta: {
    id: 'full',
    version: 1,
    title: 'Full encryption',
    source: 'Baseline of MaskCrypt (TDSC 2024), §6: ρ = 1',
    params: z.strictObject({ globalModel }),
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size).fill(1),
  },
  serverLearns: (params) => params.globalModel,
  targetRatio: () => 1,
  trust: {
    encrypted: 'all N weights',
    key: sharedKey.key,
    serverLearns: `no update; ${globalModelsAsSet}`,
    brokenBy: `${sharedKey.brokenBy}; ${decryptedValuesReturned}`,
  },
});
