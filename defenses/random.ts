import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { coordinateSet } from '../src/view/coordinate-set.ts';
import { encryptRatio, globalModel, maskSize } from './parameters.ts';

/** ρN coordinates drawn uniformly by the server: what any informed mask has to beat. */
export const random = defineDefense({
  meta: {
    id: 'random',
    version: 1,
    title: 'Random mask',
    source: 'Baseline of MaskCrypt (TDSC 2024), §6: a mask of the same size, drawn each round',
    params: z.strictObject({
      ratio: encryptRatio.default(0.05),
      refresh: z
        .enum(['round', 'once'])
        .default('round')
        .describe('Draw a fresh mask each round, or keep the first'),
      globalModel,
    }),
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: ({ refresh }) => (refresh === 'once' ? 'once' : 'every-round'),
    agree: ({ size, random }, { ratio }) =>
      coordinateSet(size, random.sample(size, maskSize(ratio, size))),
  },
  serverLearns: (params) => params.globalModel,
  targetRatio: ({ ratio }) => ratio,
  control: true,
});
