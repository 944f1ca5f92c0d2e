import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { efficiency, efficient } from './efficiency/index.ts';

const params = z.strictObject({ efficiency });

/** Plain FedAvg: the lower bound of cost and of protection. */
export const none = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'none',
    version: 1,
    title: 'No encryption',
    source: 'McMahan et al. (2017), FedAvg; baseline of MaskCrypt (TDSC 2024), §6',
    params,
  },
  keys: () => ({ setup: 'none' }),
  scheme: () => 'plain',
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size),
  },
  ...efficient,
  serverLearns: () => 'aggregate',
  targetRatio: () => 0,
  trust: {
    encrypted: 'nothing',
    key: 'none',
    serverLearns: 'every update and every global model',
    brokenBy: 'anyone who sees the traffic, the server first',
  },
});
