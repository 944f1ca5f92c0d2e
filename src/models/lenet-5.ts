import { tf } from '../engine/tensors.ts';
import { uniformByFanIn } from './initializers.ts';
import { convolution, dense, flatten, layersOf, layoutOf, maxPool2 } from './layers.ts';
import type { Model } from './model.ts';

/**
 * LeNet-5 with ReLU and max pooling (MaskCrypt names only LeNet-5; these are the choices of the
 * framework its code is built on). 28 × 28 images are padded to the 32 × 32 it was made for.
 */
function leNet5(about: {
  readonly id: string;
  readonly title: string;
  readonly inputShape: readonly [side: 28 | 32, side: 28 | 32, channels: number];
  readonly classes: number;
}): Model {
  const [side, , channels] = about.inputShape;
  const layout = layoutOf({
    conv1: [5, 5, channels, 6],
    conv2: [5, 5, 6, 16],
    conv3: [5, 5, 16, 120],
    fc4: [120, 84],
    fc5: [84, about.classes],
  });
  return {
    ...about,
    source:
      'LeCun et al. 1998, "Gradient-based learning applied to document recognition"; as used by MaskCrypt (TDSC 2024) §6.1',
    layout,
    initialize: (random) => uniformByFanIn(layout, random),
    logits(parameters, inputs) {
      const [conv1, conv2, conv3, fc4, fc5] = layersOf(parameters, 5);
      const padding = (32 - side) / 2;
      const c1 = maxPool2(tf.relu(convolution(inputs, ...conv1, { padding })));
      const c2 = maxPool2(tf.relu(convolution(c1, ...conv2)));
      const c3 = tf.relu(convolution(c2, ...conv3));
      const f4 = tf.relu(dense(flatten(c3), ...fc4));
      return dense(f4, ...fc5);
    },
  };
}

/** MaskCrypt's network for MNIST. 61,706 parameters. */
export const lenet5 = leNet5({
  id: 'lenet-5',
  title: 'LeNet-5 (ReLU, max pooling)',
  inputShape: [28, 28, 1],
  classes: 10,
});

/** For CIFAR-10. 62,006 parameters. */
export const lenet5Cifar10 = leNet5({
  id: 'lenet-5-cifar10',
  title: 'LeNet-5 (ReLU, max pooling) for 32 × 32 × 3',
  inputShape: [32, 32, 3],
  classes: 10,
});

/** For CIFAR-100. 69,656 parameters. */
export const lenet5Cifar100 = leNet5({
  id: 'lenet-5-cifar100',
  title: 'LeNet-5 (ReLU, max pooling) for 32 × 32 × 3, 100 classes',
  inputShape: [32, 32, 3],
  classes: 100,
});
