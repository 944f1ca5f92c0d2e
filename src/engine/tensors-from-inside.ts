import { engine, keep, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Lets tensors that are made inside a gradient's function be used after it: tfjs frees whatever else than
 * its value is made there. Outside they belong to the surrounding scope like all others.
 *
 * @example
 * const { gradients, hidden } = withTensorsFromInside((bringOut) => {
 *   let hidden: Tensor;
 *   const gradients = tf.grads((w) => loss((hidden = bringOut(layer(w)))))([weights]);
 *   return { gradients, hidden };
 * });
 */
export function withTensorsFromInside<T>(work: (bringOut: (tensor: Tensor) => Tensor) => T): T {
  const broughtOut: Tensor[] = [];
  const result = work((tensor) => {
    broughtOut.push(tensor);
    return keep(tensor);
  });
  const tfjs = engine() as unknown as { track(tensor: Tensor): Tensor };
  for (const tensor of broughtOut) {
    tensor.kept = false;
    tfjs.track(tensor);
  }
  return result;
}
