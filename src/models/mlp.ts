import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../engine/tensors.ts';
import { uniformByFanIn } from './initializers.ts';
import { dense, flatten, layersOf, layoutOf } from './layers.ts';
import type { Model } from './model.ts';

const activations = { relu: tf.relu, tanh: tf.tanh } as const;

/** A multilayer perceptron: dense layers with biases, the activation after all but the last. */
export function mlp(about: {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly inputShape: readonly number[];
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly activation: keyof typeof activations;
}): Model {
  const { id, title, source, inputShape, hidden, classes } = about;
  const features = inputShape.reduce((product, length) => product * length, 1);
  const widths = [features, ...hidden, classes];
  const layout = layoutOf(
    Object.fromEntries(
      widths.slice(1).map((width, at) => [`fc${at + 1}`, [widths[at] as number, width]]),
    ),
  );
  const activate = activations[about.activation];
  return {
    id,
    title,
    source,
    inputShape,
    classes,
    layout,
    initialize: (random) => uniformByFanIn(layout, random),
    logits(parameters, inputs) {
      let x: Tensor = flatten(inputs);
      layersOf(parameters, widths.length - 1).forEach((layer, at) => {
        x = dense(at === 0 ? x : activate(x), ...layer);
      });
      return x;
    },
  };
}
