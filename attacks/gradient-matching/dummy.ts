import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../src/engine/tensors.ts';
import type { Model } from '../../src/models/model.ts';

/**
 * The attacker's guess, as one vector for the optimiser: the images, followed by label logits where
 * the labels are not known.
 */
export interface DummyShape {
  readonly samples: number;
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly labels: 'known' | 'soft';
}

export function dummyShape(
  model: Model,
  samples: number,
  labels: DummyShape['labels'],
): DummyShape {
  return { samples, inputShape: model.inputShape, classes: model.classes, labels };
}

/** Number of values of all images. */
export function imageValues({ samples, inputShape }: DummyShape): number {
  return inputShape.reduce((product, length) => product * length, samples);
}

/** Length of the vector. */
export function dummyLength(shape: DummyShape): number {
  return imageValues(shape) + (shape.labels === 'soft' ? shape.samples * shape.classes : 0);
}

/** Images [samples, ...inputShape] of a dummy vector. */
export function dummyImages(shape: DummyShape, dummy: Tensor): Tensor {
  const pixels = shape.labels === 'soft' ? tf.slice(dummy, 0, imageValues(shape)) : dummy;
  return tf.reshape(pixels, [shape.samples, ...shape.inputShape]);
}

/** Class probabilities [samples, classes] of a dummy vector whose labels are soft. */
export function dummyTargets(shape: DummyShape, dummy: Tensor): Tensor {
  const logits = tf.slice(dummy, imageValues(shape), shape.samples * shape.classes);
  return tf.softmax(tf.reshape(logits, [shape.samples, shape.classes]));
}

/** The reconstruction a dummy vector stands for: pixels clipped to [0, 1], the likeliest labels. */
export function readDummy(
  shape: DummyShape,
  dummy: ArrayLike<number>,
): { images: Float32Array; labels: Int32Array } {
  const pixels = imageValues(shape);
  const images = Float32Array.from({ length: pixels }, (_, at) =>
    Math.min(1, Math.max(0, dummy[at] as number)),
  );
  const labels = Int32Array.from({ length: shape.samples }, (_, sample) => {
    if (shape.labels === 'known') return -1;
    const first = pixels + sample * shape.classes;
    let best = 0;
    for (let label = 1; label < shape.classes; label++)
      if ((dummy[first + label] as number) > (dummy[first + best] as number)) best = label;
    return best;
  });
  return { images, labels };
}
