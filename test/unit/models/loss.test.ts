import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { crossEntropies, crossEntropy } from '../../../src/models/loss.ts';

beforeAll(async () => {
  await openEngine({ prefer: 'wasm' });
});

const z = [
  [1, -2, 0.5],
  [0.3, 0.1, 2],
];
const labels = [0, 1];
const softmax = (row: number[]) => {
  const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
  return row.map((value) => Math.exp(value) / total);
};
const losses = z.map((row, at) => -Math.log(softmax(row)[labels[at] as number] as number));
const scalar = (tensor: Tensor) => tensor.dataSync()[0] as number;

test('mean of -log softmax, from indices and from one-hot rows', () => {
  const mean = ((losses[0] as number) + (losses[1] as number)) / 2;
  const indices = tf.tensor1d(labels, 'int32');
  expect(scalar(crossEntropy(tf.tensor(z), indices))).toBeCloseTo(mean, 6);
  expect(scalar(crossEntropy(tf.tensor(z), tf.oneHot(indices, 3)))).toBeCloseTo(mean, 6);
  const each = crossEntropies(tf.tensor(z), indices).dataSync();
  losses.forEach((loss, at) => {
    expect(each[at]).toBeCloseTo(loss, 6);
  });
});

test('weights: a sample of weight 0 does not count, gradient included', () => {
  const indices = tf.tensor1d(labels, 'int32');
  const weights = tf.tensor1d([3, 0]);
  expect(scalar(crossEntropy(tf.tensor(z), indices, weights))).toBeCloseTo(losses[0] as number, 6);
  const slope = tf.grad((at: Tensor) => crossEntropy(at, indices, weights))(tf.tensor(z));
  const wanted = softmax(z[0] as number[]).map((p, at) => p - Number(at === labels[0]));
  Array.from(slope.dataSync()).forEach((value, at) => {
    expect(value).toBeCloseTo(at < 3 ? (wanted[at] as number) : 0, 6);
  });
});

test('stays finite for extreme logits', () => {
  const extreme = tf.tensor([[1e4, -1e4, 0]]);
  const far = tf.tensor1d([1], 'int32');
  expect(scalar(crossEntropy(extreme, far))).toBeCloseTo(2e4, 0);
  const slope = tf
    .grad((at: Tensor) => crossEntropy(at, far))(extreme)
    .dataSync();
  expect(Array.from(slope)).toEqual([1, -1, 0]);
});

test('second derivative is diag(p) − p pᵀ, and soft labels get their own gradient', () => {
  const [row] = z as [number[], number[]];
  const p = softmax(row);
  const direction = [0.7, -0.2, 1.1];
  const curvature = tf.grad((at: Tensor) =>
    tf.sum(
      tf.mul(
        tf.grad((inner: Tensor) => crossEntropy(inner, tf.tensor1d([0], 'int32')))(at),
        tf.tensor([direction]),
      ),
    ),
  )(tf.tensor([row]));
  const pv = p.reduce((sum, value, at) => sum + value * (direction[at] as number), 0);
  p.forEach((value, at) => {
    const wanted = value * ((direction[at] as number) - pv);
    expect(curvature.dataSync()[at]).toBeCloseTo(wanted, 6);
  });
  const soft = tf.grad((targets: Tensor) => crossEntropy(tf.tensor([row]), targets))(
    tf.tensor([[0.2, 0.3, 0.5]]),
  );
  p.forEach((value, at) => {
    expect(soft.dataSync()[at]).toBeCloseTo(-Math.log(value), 5);
  });
});
