import * as tf from '@tensorflow/tfjs-core';

/**
 * Spreads dy over the numbers that were added up. tfjs's own gradient writes as many ones out, number
 * by number, which takes longer than all the rest of tracing a step; here a kernel makes them.
 */
export function sum(dy: tf.Tensor, saved: tf.Tensor[], { axis }: tf.SumAttrs) {
  const [x] = saved as [tf.Tensor];
  return { x: () => spread(dy, x.shape, axis) };
}

/** As for a sum, divided by how many numbers were averaged. */
export function mean(dy: tf.Tensor, saved: tf.Tensor[], { axis }: tf.MeanAttrs) {
  const [x] = saved as [tf.Tensor];
  return { x: () => tf.div(spread(dy, x.shape, axis), x.size / dy.size) };
}

function spread(dy: tf.Tensor, shape: number[], axis: number | number[]): tf.Tensor {
  const reduced = tf.util.parseAxisParam(axis, shape);
  const thin = shape.map((length, at) => (reduced.includes(at) ? 1 : length));
  return tf.mul(tf.reshape(dy, thin), tf.fill(shape, 1));
}
