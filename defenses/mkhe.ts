import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { efficiency, efficient } from './efficiency/index.ts';
import { jointKeyParams, jointKeys, jointKeyTrust, leakOf } from './maser/joint-keys.ts';

const params = z.strictObject({ ...jointKeyParams, efficiency });

/** Everything encrypted under a joint key: MASER without its pruning. */
export const mkhe = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'mkhe',
    version: 1,
    title: 'Multi-key HE without pruning',
    source: 'Baseline MKHE of MASER (Al Omar et al., 2025); keys and variants as there',
    params,
  },
  keys: jointKeys,
  scheme: () => 'ckks-threshold',
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size).fill(1),
  },
  ...efficient,
  weighting: () => 'uniform',
  serverLearns: () => 'aggregate',
  targetRatio: () => 1,
  insecure: leakOf,
  trust: {
    encrypted: 'all N weights',
    ...jointKeyTrust,
    serverLearns: 'every global model in plaintext; no update',
  },
});
