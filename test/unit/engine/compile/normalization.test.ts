import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Engine } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { expectAgreement, normal, type Operation } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

const engine = (await openTestEngine()) as Engine;

const length = (min: number, max: number) => fc.integer({ min, max });
const images = fc.tuple(length(2, 3), length(2, 4), length(2, 4), length(1, 4));

describe.skipIf(!engine)('batch norm as on the CPU backend', () => {
  test('with the statistics of the batch, which also update the running ones', () =>
    fc.assert(
      fc.asyncProperty(images, fc.integer(), (shape, seed) => {
        const random = randomStream(seed);
        const channels = shape[3];
        const inputs = [shape, ...Array(4).fill([channels])].map((s) => normal(s, random));
        const training = (x: Tensor, scale: Tensor, offset: Tensor, ...running: Tensor[]) => {
          const { mean, variance } = tf.moments(x, [0, 1, 2]) as Record<string, Tensor1D>;
          const statistics = [mean, variance] as [Tensor1D, Tensor1D];
          const y = tf.batchNorm(x, ...statistics, offset as Tensor1D, scale as Tensor1D);
          const next = running.map((old, at) =>
            tf.add(tf.mul(0.9, old), tf.mul(0.1, statistics[at] as Tensor)),
          );
          return [tf.tanh(y), ...next];
        };
        return expectAgreement(engine, training as Operation, inputs);
      }),
      { numRuns: 15 },
    ));

  test('with running statistics, behind a convolution', () =>
    fc.assert(
      fc.asyncProperty(images, length(1, 3), fc.integer(), (shape, outChannels, seed) => {
        const random = randomStream(seed);
        const perChannel = Array(4).fill([outChannels]);
        const inputs = [shape, [2, 2, shape[3], outChannels], ...perChannel].map((s) =>
          normal(s, random),
        );
        const evaluation = (x: Tensor, w: Tensor, ...of: Tensor[]) => {
          const [mean, spread, offset, scale] = of as Tensor1D[];
          const variance = tf.add(tf.square(spread as Tensor), 0.5) as Tensor1D;
          const h = tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same');
          return tf.tanh(tf.batchNorm(h, mean as Tensor1D, variance, offset, scale));
        };
        return expectAgreement(engine, evaluation as Operation, inputs);
      }),
      { numRuns: 15 },
    ));

  test('without scale and offset', () =>
    expectAgreement(
      engine,
      (x) => tf.batchNorm(x, tf.tensor1d([1, 2, 3, 4]), tf.ones([4])),
      [normal([2, 3, 3, 4], randomStream(4))],
      0,
    ));
});
