import '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tf } from '../../../src/engine/tensors.ts';
import { withTensorsFromInside } from '../../../src/engine/tensors-from-inside.ts';

/** Gradient of Σ (w²)², and w² itself, made inside. */
function gradientAndSquare(w: Tensor): { slope: Tensor; square: Tensor } {
  return withTensorsFromInside((bringOut) => {
    let square = w;
    const slope = tf.grad((x: Tensor) => {
      square = bringOut(tf.square(x));
      return tf.sum(tf.square(square));
    })(w);
    return { slope, square };
  });
}

test('a tensor made inside a gradient is there after it, until its scope ends', async () => {
  await tf.setBackend('cpu');
  const w = tf.tensor1d([1, 2]);
  const before = tf.memory().numTensors;
  const numbers = tf.tidy(() => {
    const { slope, square } = gradientAndSquare(w);
    return [...slope.dataSync(), ...square.dataSync()];
  });
  expect(numbers).toEqual([4, 32, 1, 4]);
  expect(tf.memory().numTensors).toBe(before);
});

test('it can be differentiated by what surrounds the gradient', async () => {
  await tf.setBackend('cpu');
  const [slope] = tf.tidy(() =>
    tf
      .grad((w: Tensor) => tf.sum(gradientAndSquare(w).square))(tf.tensor1d([3]))
      .dataSync(),
  );
  expect(slope).toBe(6);
});
