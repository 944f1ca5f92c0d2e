import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../src/engine/tensors.ts';

/** Keeps the norms differentiable at 0. */
const TINY = 1e-20;

/** Distance of a dummy's gradient from the observed one over the scored coordinates. */
export type Objective = (gradient: Tensor, observed: Tensor, scored: Tensor) => Tensor;

/** Σ ‖g' − g‖² (Zhu, Liu & Han 2019, algorithm 1). All arguments [N]; `scored` holds 0 and 1. */
export const squaredDistance: Objective = (gradient, observed, scored) => {
  const difference = tf.mul(tf.sub(gradient, observed), scored);
  return tf.sum(tf.mul(difference, difference));
};

/** ‖g' − g‖² / ‖g‖² over the scored coordinates; 0 where nothing is scored. */
export const relativeDistance: Objective = (gradient, observed, scored) => {
  const energy = tf.sum(tf.mul(tf.mul(observed, observed), scored));
  return tf.div(squaredDistance(gradient, observed, scored), tf.add(energy, TINY));
};

/**
 * 1 − cos(g', g) over all scored coordinates jointly (Geiping et al. 2020, eq. 4), computed as
 * ½ ‖g'/‖g'‖ − g/‖g‖‖²: the same number, without the cancellation that ends float32's 1 − cos near
 * 1e-6.
 */
export const cosineDistance: Objective = (gradient, observed, scored) => {
  const unit = (vector: Tensor) => {
    const part = tf.mul(vector, scored);
    return tf.div(part, tf.sqrt(tf.add(tf.sum(tf.mul(part, part)), TINY)));
  };
  const difference = tf.sub(unit(gradient), unit(observed));
  return tf.mul(0.5, tf.sum(tf.mul(difference, difference)));
};

/**
 * Anisotropic total variation, the mean absolute difference of neighbours down plus across
 * (Geiping et al. 2020, the prior of eq. 4).
 *
 * @param images [samples, height, width, channels]
 */
export function totalVariation(images: Tensor): Tensor {
  const [samples, height, width, channels] = images.shape as [number, number, number, number];
  const window = (top: number, left: number, rows: number, columns: number) =>
    tf.slice(images, [0, top, left, 0], [samples, rows, columns, channels]);
  const down = tf.sub(window(1, 0, height - 1, width), window(0, 0, height - 1, width));
  const across = tf.sub(window(0, 1, height, width - 1), window(0, 0, height, width - 1));
  return tf.add(tf.mean(tf.abs(down)), tf.mean(tf.abs(across)));
}
