import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';

/** Plain FedAvg: the lower bound of cost and of protection. */
export const none = defineDefense({
  meta: {
    id: 'none',
    version: 1,
    title: 'No encryption',
    source: 'McMahan et al. (2017), FedAvg; baseline of MaskCrypt (TDSC 2024), §6',
    params: z.strictObject({}),
  },
  keys: () => ({ setup: 'none' }),
  scheme: () => 'plain',
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size),
  },
  serverLearns: () => 'aggregate',
  targetRatio: () => 0,
  trust: {
    encrypted: 'nothing',
    key: 'none',
    serverLearns: 'every update and every global model',
    brokenBy: 'anyone who sees the traffic, the server first',
  },
});
