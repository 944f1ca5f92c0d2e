import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Engine } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { expectAgreement, normal, type Operation } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

const engine = (await openTestEngine()) as Engine;

const length = (min: number, max: number) => fc.integer({ min, max });
const geometry = fc.record({
  batch: length(1, 3),
  height: length(4, 8),
  width: length(4, 8),
  channels: length(1, 3),
  filter: fc.tuple(length(1, 4), length(1, 4)),
  stride: fc.tuple(length(1, 3), length(1, 3)),
  pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
  seed: fc.integer(),
});

describe.skipIf(!engine)('convolution and pooling as on the CPU backend', () => {
  test('conv2d to the second order', () =>
    fc.assert(
      fc.asyncProperty(geometry, length(1, 4), (g, outChannels) => {
        const random = randomStream(g.seed);
        const inputs = [
          normal([g.batch, g.height, g.width, g.channels], random),
          normal([...g.filter, g.channels, outChannels], random),
        ];
        const operation = (x: Tensor, w: Tensor) =>
          tf.tanh(tf.conv2d(x as Tensor4D, w as Tensor4D, g.stride, g.pad));
        return expectAgreement(engine, operation as Operation, inputs);
      }),
      { numRuns: 25 },
    ));

  test('conv2d with many channels, whose gradients take other ways', () =>
    fc.assert(
      fc.asyncProperty(geometry, (g) => {
        const random = randomStream(g.seed);
        const inputs = [
          normal([g.batch + 1, g.height, g.width, 16], random),
          normal([...g.filter, 16, 5], random),
        ];
        const operation = (x: Tensor, w: Tensor) =>
          tf.tanh(tf.conv2d(x as Tensor4D, w as Tensor4D, g.stride, g.pad));
        return expectAgreement(engine, operation as Operation, inputs);
      }),
      { numRuns: 25 },
    ));

  const small = fc.record({
    batch: length(2, 3),
    height: length(1, 4),
    width: length(1, 4),
    // Into deep layers, and out of them.
    channels: fc.constantFrom<[number, number]>([256, 2], [16, 256]),
    filter: fc.tuple(length(1, 3), length(1, 3)),
    stride: fc.tuple(length(1, 2), length(1, 2)),
    seed: fc.integer(),
  });

  test('conv2d of small images with very many channels', () =>
    fc.assert(
      fc.asyncProperty(small, (g) => {
        const random = randomStream(g.seed);
        const [inChannels, outChannels] = g.channels;
        const inputs = [
          normal([g.batch, g.height, g.width, inChannels], random),
          normal([...g.filter, inChannels, outChannels], random),
        ];
        const operation = (x: Tensor, w: Tensor) =>
          tf.tanh(tf.mul(tf.conv2d(x as Tensor4D, w as Tensor4D, g.stride, 'same'), 0.05));
        return expectAgreement(engine, operation as Operation, inputs);
      }),
      { numRuns: 15 },
    ));

  test('conv2d of wide images with few channels', () =>
    fc.assert(
      fc.asyncProperty(geometry, length(16, 20), (g, width) => {
        const random = randomStream(g.seed);
        const inputs = [
          normal([g.batch + 1, g.height, width, g.channels], random),
          normal([...g.filter, g.channels, 2], random),
        ];
        const operation = (x: Tensor, w: Tensor) =>
          tf.tanh(tf.conv2d(x as Tensor4D, w as Tensor4D, [g.stride[0], 1], g.pad));
        return expectAgreement(engine, operation as Operation, inputs);
      }),
      { numRuns: 15 },
    ));

  test('large filters, laid out anew in two steps', () => {
    const random = randomStream(7);
    const inputs = [normal([2, 3, 3, 48], random), normal([3, 3, 48, 40], random)];
    const operation = (x: Tensor, w: Tensor) =>
      tf.tanh(tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same'));
    return expectAgreement(engine, operation as Operation, inputs, 1);
  });

  test('conv2d with explicit padding', () => {
    const inputs = [normal([2, 6, 6, 2], randomStream(1)), normal([5, 5, 2, 3], randomStream(2))];
    const operation = (x: Tensor, w: Tensor) =>
      tf.tanh(tf.conv2d(x as Tensor4D, w as Tensor4D, 2, 2));
    return expectAgreement(engine, operation as Operation, inputs);
  });

  test('conv2d behind explicit padding, cropped in its gradient', () =>
    fc.assert(
      fc.asyncProperty(geometry, (g) => {
        const random = randomStream(g.seed);
        const inputs = [
          normal([g.batch, g.height, g.width, g.channels], random),
          normal([...g.filter, g.channels, 2], random),
        ];
        const operation = (x: Tensor, w: Tensor) => {
          const around = tf.pad(tf.tanh(x) as Tensor4D, [
            [0, 0],
            [1, 2],
            [2, 0],
            [0, 0],
          ]);
          return tf.tanh(tf.conv2d(around, w as Tensor4D, g.stride, g.pad));
        };
        return expectAgreement(engine, operation as Operation, inputs);
      }),
      { numRuns: 10 },
    ));

  test('conv2d whose filter covers its input', () => {
    const inputs = [normal([3, 4, 5, 2], randomStream(1)), normal([4, 5, 2, 6], randomStream(2))];
    const operation = (x: Tensor, w: Tensor) =>
      tf.tanh(tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'valid'));
    return expectAgreement(engine, operation as Operation, inputs);
  });

  test('conv2d forward with dilation', () => {
    const inputs = [normal([2, 7, 8, 2], randomStream(1)), normal([3, 2, 2, 3], randomStream(2))];
    const operation = (x: Tensor, w: Tensor) =>
      tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same', 'NHWC', [2, 3]);
    return expectAgreement(engine, operation as Operation, inputs, 0);
  });

  test('a layer after a layer, an image of one channel', () => {
    const random = randomStream(3);
    const inputs = [
      normal([1, 8, 8, 1], random),
      normal([3, 3, 1, 4], random),
      normal([4], random),
      normal([3, 3, 4, 2], random),
    ];
    const operation = (x: Tensor, w: Tensor, b: Tensor, v: Tensor) => {
      const hidden = tf.sigmoid(tf.add(tf.conv2d(x as Tensor4D, w as Tensor4D, 2, 'same'), b));
      return tf.reshape(tf.conv2d(hidden as Tensor4D, v as Tensor4D, 1, 'same'), [1, -1]);
    };
    return expectAgreement(engine, operation as Operation, inputs);
  });

  test('depthwise convolution to the second order', () =>
    fc.assert(
      fc.asyncProperty(geometry, length(1, 3), (g, multiplier) => {
        const random = randomStream(g.seed);
        const inputs = [
          normal([g.batch, g.height, g.width, g.channels], random),
          normal([...g.filter, g.channels, multiplier], random),
        ];
        const operation = (x: Tensor, w: Tensor) =>
          tf.tanh(tf.depthwiseConv2d(x as Tensor4D, w as Tensor4D, g.stride, g.pad));
        return expectAgreement(engine, operation as Operation, inputs);
      }),
      { numRuns: 25 },
    ));

  for (const [name, pool] of Object.entries({ avgPool: tf.avgPool, maxPool: tf.maxPool }))
    test(`${name} to the second order`, () =>
      fc.assert(
        fc.asyncProperty(geometry, (g) => {
          const input = normal([g.batch, g.height, g.width, g.channels], randomStream(g.seed));
          const operation = (x: Tensor) =>
            tf.square(pool(tf.tanh(x) as Tensor4D, g.filter, g.stride, g.pad));
          return expectAgreement(engine, operation, [input]);
        }),
        { numRuns: 25 },
      ));

  test('maxPool of windows side by side, several largest numbers in some: the first wins', () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(length(1, 3), length(1, 3)),
        fc.tuple(length(1, 2), length(1, 3), length(1, 3), length(1, 2)),
        fc.integer(),
        (filter, [batch, rows, columns, channels], seed) => {
          const [height, width] = [rows * filter[0], columns * filter[1]];
          const { shape, data } = normal([batch, height, width, channels], randomStream(seed));
          const coarse = { shape, data: data.map(Math.round) as Float32Array };
          const operation = (x: Tensor) =>
            tf.square(tf.maxPool(x as Tensor4D, filter, filter, 'valid'));
          return expectAgreement(engine, operation, [coarse]);
        },
      ),
      { numRuns: 25 },
    ));
});
