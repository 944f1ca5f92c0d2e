import { tf } from '../engine/tensors.ts';
import { uniformByFanIn } from './initializers.ts';
import { convolution, dense, flatten, layersOf, layoutOf, maxPool2 } from './layers.ts';
import type { Model } from './model.ts';

const layout = layoutOf({
  conv1: [5, 5, 1, 32],
  conv2: [5, 5, 32, 64],
  fc3: [3136, 512],
  fc4: [512, 10],
});

/** The MNIST network of the paper that introduced federated averaging. 1,663,370 parameters. */
export const cnn2Conv: Model = {
  id: 'cnn-2conv',
  title: 'CNN (2 convolutional, 2 dense layers)',
  source:
    'McMahan et al. 2017, "Communication-Efficient Learning of Deep Networks from Decentralized Data" §3; FedML-HE (2023) Table 4',
  inputShape: [28, 28, 1],
  classes: 10,
  layout,
  initialize: (random) => uniformByFanIn(layout, random),
  logits(parameters, inputs) {
    const [conv1, conv2, fc3, fc4] = layersOf(parameters, 4);
    const c1 = maxPool2(tf.relu(convolution(inputs, ...conv1, { padding: 2 })));
    const c2 = maxPool2(tf.relu(convolution(c1, ...conv2, { padding: 2 })));
    const f3 = tf.relu(dense(flatten(c2), ...fc3));
    return dense(f3, ...fc4);
  },
};
