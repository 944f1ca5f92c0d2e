import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../engine/tensors.ts';
import { uniformByFanIn } from './initializers.ts';
import {
  convolution,
  convolve,
  dense,
  flatten,
  layersOf,
  layoutOf,
  maxPool2,
  weightsOnly,
} from './layers.ts';
import type { Model } from './model.ts';

const lenetLayout = layoutOf({
  conv1: [5, 5, 1, 6],
  conv2: [5, 5, 6, 16],
  fc3: [256, 300],
  fc4: [300, 100],
  fc5: [100, 10],
});

/**
 * MASER's network for MNIST: LeNet-5 with dense layers of 300 and 100, ReLU and max pooling. 110,782
 * parameters.
 */
export const maserLenet: Model = {
  id: 'maser-lenet',
  title: 'LeNet of MASER (256-300-100-10)',
  source: 'MASER (2025), its network for MNIST',
  inputShape: [28, 28, 1],
  classes: 10,
  layout: lenetLayout,
  initialize: (random) => uniformByFanIn(lenetLayout, random),
  logits(parameters, inputs) {
    const [conv1, conv2, fc3, fc4, fc5] = layersOf(parameters, 5);
    const c1 = maxPool2(tf.relu(convolution(inputs, ...conv1)));
    const c2 = maxPool2(tf.relu(convolution(c1, ...conv2)));
    const f3 = tf.relu(dense(flatten(c2), ...fc3));
    const f4 = tf.relu(dense(f3, ...fc4));
    return dense(f4, ...fc5);
  },
};

const convnetLayout = weightsOnly({
  conv1: [3, 3, 3, 64],
  conv2: [3, 3, 64, 64],
  conv3: [3, 3, 64, 128],
  conv4: [3, 3, 128, 128],
  conv5: [3, 3, 128, 256],
  conv6: [3, 3, 256, 256],
  conv7: [3, 3, 256, 512],
  fc8: [2048, 256],
  fc9: [256, 256],
  fc10: [256, 10],
});
/** Convolutions followed by pooling, counted from 1. */
const POOLED = [2, 4, 6, 7];

/** MASER's network for CIFAR-10: 7 convolutions, 3 dense layers, no biases. 2,916,544 parameters. */
export const maserConvnet: Model = {
  id: 'maser-convnet',
  title: 'ConvNet of MASER (7 convolutional, 3 dense layers)',
  source: 'MASER (2025), its network for CIFAR-10',
  inputShape: [32, 32, 3],
  classes: 10,
  layout: convnetLayout,
  initialize: (random) => uniformByFanIn(convnetLayout, random),
  logits(parameters, inputs) {
    if (parameters.length !== 10)
      throw new RangeError(`${parameters.length} parameter tensors for 10 layers of 1 each`);
    let x = inputs;
    parameters.slice(0, 7).forEach((weight, at) => {
      x = tf.relu(convolve(x, weight, { padding: 1 }));
      if (POOLED.includes(at + 1)) x = maxPool2(x);
    });
    const [fc8, fc9, fc10] = parameters.slice(7) as [Tensor, Tensor, Tensor];
    const f8 = tf.relu(dense(flatten(x), fc8));
    const f9 = tf.relu(dense(f8, fc9));
    return dense(f9, fc10);
  },
};
