import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { efficiency, efficient } from './efficiency/index.ts';
import { globalModel } from './parameters.ts';
import { endLayers } from './selection/layers.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from './trust.ts';

const params = z.strictObject({
  layers: z
    .enum(['first', 'last', 'first-and-last'])
    .default('first-and-last')
    .describe('Layers whose weights and biases are encrypted'),
  efficiency,
  globalModel,
});

/** Whole layers: the one that reads the input, the one that names the classes, or both. */
export const layer = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'layer',
    version: 1,
    title: 'First or last layer',
    source:
      'Control; FedML-HE (2023) recommends the first and the last layer beside its own mask, and released systems encrypt one of them',
    params,
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: () => 'once',
    agree: ({ layout }, { layers }) => endLayers(layout, layers),
  },
  ...efficient,
  serverLearns: ({ globalModel }) => globalModel,
  trust: {
    encrypted: 'the first layer, the last, or both',
    key: sharedKey.key,
    serverLearns: `all other layers of every update in plaintext, ${globalModelsAsSet}`,
    brokenBy: `${sharedKey.brokenBy}; ${decryptedValuesReturned}`,
  },
});
