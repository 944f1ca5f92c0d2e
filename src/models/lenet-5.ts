import { tf } from '../engine/tensors.ts';
import { uniformByFanIn } from './initializers.ts';
import { convolution, dense, flatten, layersOf, layoutOf, maxPool2 } from './layers.ts';
import type { Model } from './model.ts';

const layout = layoutOf({
  conv1: [5, 5, 1, 6],
  conv2: [5, 5, 6, 16],
  conv3: [5, 5, 16, 120],
  fc4: [120, 84],
  fc5: [84, 10],
});

/**
 * MaskCrypt's network for MNIST: LeNet-5 with ReLU and max pooling (the paper names only LeNet-5;
 * these are the choices of the framework its code is built on). 61,706 parameters.
 */
export const lenet5: Model = {
  id: 'lenet-5',
  title: 'LeNet-5 (ReLU, max pooling)',
  source:
    'LeCun et al. 1998, "Gradient-based learning applied to document recognition"; as used by MaskCrypt (TDSC 2024) §6.1',
  inputShape: [28, 28, 1],
  classes: 10,
  layout,
  initialize: (random) => uniformByFanIn(layout, random),
  logits(parameters, inputs) {
    const [conv1, conv2, conv3, fc4, fc5] = layersOf(parameters, 5);
    const c1 = maxPool2(tf.relu(convolution(inputs, ...conv1, { padding: 2 })));
    const c2 = maxPool2(tf.relu(convolution(c1, ...conv2)));
    const c3 = tf.relu(convolution(c2, ...conv3));
    const f4 = tf.relu(dense(flatten(c3), ...fc4));
    return dense(f4, ...fc5);
  },
};
