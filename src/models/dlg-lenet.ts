import { tf } from '../engine/tensors.ts';
import { uniform } from './initializers.ts';
import { convolution, dense, flatten, layersOf, layoutOf } from './layers.ts';
import type { Model } from './model.ts';

/**
 * The network DLG was shown on: four convolutions and a dense layer, sigmoid throughout (a network
 * that is twice differentiable, and built to be inverted), parameters uniform in ±.5.
 */
function dlgLenet(about: {
  readonly id: string;
  readonly title: string;
  readonly inputShape: readonly [side: number, side: number, channels: number];
  readonly classes: number;
}): Model {
  const [side, , channels] = about.inputShape;
  const lastSide = Math.ceil(side / 4);
  const layout = layoutOf({
    conv1: [5, 5, channels, 12],
    conv2: [5, 5, 12, 12],
    conv3: [5, 5, 12, 12],
    conv4: [5, 5, 12, 12],
    fc5: [12 * lastSide * lastSide, about.classes],
  });
  return {
    ...about,
    source: 'Zhu et al. 2019, "Deep Leakage from Gradients" §4; used by FedML-HE (2023) §4.3',
    layout,
    initialize: (random) => uniform(layout, 0.5, random),
    logits(parameters, inputs) {
      const [conv1, conv2, conv3, conv4, fc5] = layersOf(parameters, 5);
      const halved = { padding: 2, stride: 2 };
      const c1 = tf.sigmoid(convolution(inputs, ...conv1, halved));
      const c2 = tf.sigmoid(convolution(c1, ...conv2, halved));
      const c3 = tf.sigmoid(convolution(c2, ...conv3, { padding: 2 }));
      const c4 = tf.sigmoid(convolution(c3, ...conv4, { padding: 2 }));
      return dense(flatten(c4), ...fc5);
    },
  };
}

/** For MNIST. 17,038 parameters. */
export const dlgLenetMnist = dlgLenet({
  id: 'dlg-lenet',
  title: 'DLG-LeNet (sigmoid) for 28 × 28 × 1',
  inputShape: [28, 28, 1],
  classes: 10,
});

/** For CIFAR-10. 19,438 parameters. */
export const dlgLenetCifar10 = dlgLenet({
  id: 'dlg-lenet-cifar10',
  title: 'DLG-LeNet (sigmoid) for 32 × 32 × 3',
  inputShape: [32, 32, 3],
  classes: 10,
});

/** For CIFAR-100, as published. 88,648 parameters. */
export const dlgLenetCifar100 = dlgLenet({
  id: 'dlg-lenet-cifar100',
  title: 'DLG-LeNet (sigmoid) for 32 × 32 × 3, 100 classes',
  inputShape: [32, 32, 3],
  classes: 100,
});
