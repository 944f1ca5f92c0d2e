import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import '../../../src/engine/quiet-tensors.ts';
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { orderTape } from '../../../src/engine/tape-order.ts';

// This file never imports src/engine/tensors.ts: here the stock tape runs until it is corrected.

interface StoredCase {
  readonly network: string;
  readonly activation: string;
  readonly cost: string;
  readonly labels: number[];
  readonly params: { shape: number[]; values: number[] }[];
  readonly target: number[];
  readonly x: number[];
  readonly value: number;
  readonly gradient: number[];
}

const cases = JSON.parse(
  readFileSync(new URL('../../../fixtures/gradients/second-order.json', import.meta.url), 'utf8'),
).cases as StoredCase[];
const reference = cases.find(
  ({ network, activation, cost }) => network === 'mlp' && activation === 'sigmoid' && cost === 'l2',
) as StoredCase;

function secondOrder(): { value: number; error: number } {
  const shape: [number, number] = [reference.labels.length, 12];
  const w = reference.params.map(({ shape, values }) => tf.tensor(values, shape));
  const oneHot = tf.oneHot(reference.labels, 5);
  const gradients = (x: tf.Tensor) =>
    tf.grads((...p: tf.Tensor[]) => {
      const dense = (h: tf.Tensor, at: number) =>
        tf.add(tf.matMul(h, p[at] as tf.Tensor), p[at + 1] as tf.Tensor);
      const logits = dense(tf.sigmoid(dense(tf.sigmoid(dense(x, 0)), 2)), 4);
      return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits)), 1)));
    })(w);
  const wanted = gradients(tf.tensor(reference.target, shape));
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
    tf.addN(
      gradients(x).map((part, at) => tf.sum(tf.square(tf.sub(part, wanted[at] as tf.Tensor)))),
    ),
  )(tf.tensor(reference.x, shape));
  const got = grad.dataSync();
  const differences = reference.gradient.map((exact, at) => exact - (got[at] as number));
  return {
    value: value.dataSync()[0] as number,
    error: Math.hypot(...differences) / Math.hypot(...reference.gradient),
  };
}

test("tfjs's own tape gets the cost right and its second derivative wrong; ours gets both", () => {
  const stock = secondOrder();
  expect(stock.value / reference.value).toBeCloseTo(1, 4);
  expect(stock.error).toBeGreaterThan(0.01);

  orderTape(tf.engine());
  const corrected = secondOrder();
  expect(corrected.value / reference.value).toBeCloseTo(1, 4);
  expect(corrected.error).toBeLessThan(1e-3);
});
