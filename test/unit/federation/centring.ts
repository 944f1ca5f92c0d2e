import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../../src/engine/tensors.ts';
import { dense } from '../../../src/models/layers.ts';
import { ParameterLayout } from '../../../src/models/layout.ts';
import type { Model } from '../../../src/models/model.ts';
import { softmaxRegression } from './toy.ts';

/** Softmax regression on inputs less the mean of their batch, half of which moves a running mean. */
export const centringRegression: Model = {
  ...softmaxRegression,
  id: 'centring-regression',
  layout: new ParameterLayout([
    { name: 'fc.weight', shape: [4, 3], kind: 'weight', layer: 0 },
    { name: 'fc.bias', shape: [3], kind: 'bias', layer: 0 },
    { name: 'mean', shape: [4], kind: 'buffer', layer: 0 },
  ]),
  logits: ([weight, bias, mean], inputs) =>
    dense(tf.sub(inputs, mean as Tensor), weight as Tensor, bias),
  trainingPass([weight, bias, mean], inputs, present) {
    const column = tf.reshape(present, [-1, 1]);
    const ofBatch = tf.div(tf.sum(tf.mul(inputs, column), 0), tf.sum(present));
    return {
      logits: dense(tf.sub(inputs, ofBatch), weight as Tensor, bias),
      buffers: [tf.div(tf.add(mean as Tensor, ofBatch), 2)],
    };
  },
};
