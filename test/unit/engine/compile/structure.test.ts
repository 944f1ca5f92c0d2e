import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Engine, NdArray } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { expectAgreement, normal, type Operation, type Order } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

const engine = (await openTestEngine()) as Engine;

const integers = (shape: number[], ...data: number[]): NdArray => ({
  shape,
  data: Int32Array.from(data),
});

const last = (x: Tensor): number => x.shape.at(-1) as number;

/** Operations on one tensor of three axes, at least [2, 3, 4] (or what is made of it). */
const operations: Record<string, [operation: (x: Tensor) => Tensor | Tensor[], order?: Order]> = {
  sum: [(x) => tf.sum(x)],
  sumOverMiddle: [(x) => tf.sum(x, 1)],
  sumKeepingAxes: [(x) => tf.sum(x, [0, 2], true)],
  sumOfBroadcast: [(x) => tf.sum(tf.mul(tf.ones([5, ...x.shape]), x), [0, 2])],
  mean: [(x) => tf.mean(x, [0, 2])],
  meanOfAll: [(x) => tf.mean(x)],
  max: [(x) => tf.max(x, -1)],
  maxKeepingAxes: [(x) => tf.max(x, [1], true), 1],
  min: [(x) => tf.min(x, [0, 1])],
  prod: [(x) => tf.prod(x, 1), 0],
  all: [(x) => tf.cast(tf.all(tf.greater(x, -1), 1), 'int32'), 0],
  any: [(x) => tf.cast(tf.any(tf.greater(x, 1), [1]), 'int32'), 0],
  argMax: [(x) => tf.argMax(x, 1), 0],
  argMin: [(x) => tf.argMin(x, -1), 0],
  norm: [(x) => tf.norm(x, 'euclidean', [1, 2])],
  variance: [(x) => tf.moments(x, [1]).variance],
  softmax: [(x) => tf.softmax(x)],
  logSoftmax: [(x) => tf.logSoftmax(x)],
  logSumExp: [(x) => tf.logSumExp(x, 1)],
  softmaxOfTransposed: [(x) => tf.softmax(tf.transpose(x, [2, 0, 1]))],
  cumsum: [(x) => tf.cumsum(tf.transpose(x), 1), 0],
  cumsumOfLast: [(x) => tf.square(tf.cumsum(x, 2))],
  cumsumExclusiveReversed: [(x) => tf.cumsum(x, 2, true, true)],
  merge: [(x) => tf.mul(tf.reshape(x, [-1, last(x)]), tf.reshape(x, [-1, last(x)]))],
  mergeTransposed: [
    (x) => tf.tanh(tf.reshape(tf.transpose(x, [2, 0, 1]), [-1, x.shape[1] as number])),
  ],
  mergeBehindTransposed: [(x) => tf.tanh(tf.reshape(tf.transpose(x, [2, 0, 1]), [last(x), -1]))],
  splitAndTranspose: [
    (x) =>
      tf.sigmoid(
        tf.transpose(
          tf.reshape(tf.concat([x, x], 2), [...x.shape.slice(0, 2), 2, last(x)]),
          [0, 2, 1, 3],
        ),
      ),
  ],
  squeeze: [(x) => tf.squeeze(tf.expandDims(tf.square(x), 1))],
  flatten: [(x) => tf.square(tf.reshape(tf.transpose(x), [-1]))],
  tile: [(x) => tf.square(tf.tile(x, [1, 2, 1]))],
  tileOfLengthOne: [(x) => tf.square(tf.tile(tf.sum(x, 1, true), [1, 3, 2]))],
  broadcastTo: [
    (x) => tf.square(tf.broadcastTo(tf.sum(x, 1, true), [x.shape[0] as number, 5, last(x)])),
  ],
  slice: [(x) => tf.square(tf.slice(x, [0, 1, 2], [2, -1, 1]))],
  sliceOfTransposed: [(x) => tf.square(tf.slice(tf.transpose(x), [1, 0, 0], [2, 3, 1]))],
  sliceOfBroadcast: [(x) => tf.mul(tf.slice(tf.broadcastTo(tf.sum(x), [3, 4]), [1, 1], [2, 2]), 2)],
  stridedSlice: [(x) => tf.square(tf.stridedSlice(x, [0, 0, 3], [2, 3, 0], [1, 2, -1]))],
  pad: [
    (x) =>
      tf.square(
        tf.pad(
          tf.transpose(x, [1, 0, 2]),
          [
            [1, 0],
            [0, 2],
            [1, 1],
          ],
          0.5,
        ),
      ),
  ],
  mirrorPad: [
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 0],
          [0, 2],
          [1, 1],
        ],
        'reflect',
      ),
  ],
  einsumOfOne: [(x) => tf.square(tf.einsum('abc->ca', x))],
  einsumOfProducts: [(x) => tf.einsum('abc,dbc->da', x, tf.tanh(x))],
  einsumOfBatches: [(x) => tf.tanh(tf.einsum('abc,adc->abd', x, tf.sigmoid(x)))],
  einsumOfNumber: [(x) => tf.einsum(',abc->bc', tf.mean(x), tf.square(x))],
  einsumToNumber: [(x) => tf.einsum('abc,abc->', x, tf.square(x))],
  reverse: [(x) => tf.square(tf.reverse(x, [0, 2]))],
  concat: [(x) => tf.square(tf.concat([x, tf.tanh(x), tf.zerosLike(x)], 1))],
  concatOfTransposed: [
    (x) => tf.square(tf.concat([tf.transpose(x), tf.sigmoid(tf.transpose(x))], -1)),
  ],
  stack: [(x) => tf.square(tf.stack([x, tf.tanh(x)], 1))],
  unstack: [(x) => tf.unstack(tf.square(x), 1)],
  split: [(x) => tf.split(tf.square(x), [1, (x.shape[1] as number) - 1], 1)],
  gather: [(x) => tf.square(tf.gather(x, tf.tensor1d([2, 0, 2, 1], 'int32'), 1))],
  gatherMatrix: [
    (x) =>
      tf.square(
        tf.gather(
          x,
          tf.tensor2d(
            [
              [1, 0],
              [1, 1],
            ],
            [2, 2],
            'int32',
          ),
          0,
        ),
      ),
  ],
  gatherNd: [
    (x) =>
      tf.gatherND(
        x,
        tf.tensor2d(
          [
            [0, 1],
            [1, 2],
            [0, 1],
          ],
          [3, 2],
          'int32',
        ),
      ),
    0,
  ],
  scatterNd: [
    (x) =>
      tf.scatterND(tf.tensor2d([[3], [1]], [2, 1], 'int32'), tf.sum(tf.slice(x, 0, 2), 1), [
        5,
        last(x),
      ]),
    0,
  ],
  segmentSum: [
    (x) =>
      tf.square(
        tf.unsortedSegmentSum(x, tf.onesLike(tf.range(0, x.shape[0] as number, 1, 'int32')), 3),
      ),
  ],
  topk: [(x) => Object.values(tf.topk(x, 2)), 0],
  topkValuesAlone: [(x) => tf.min(tf.topk(x, 2).values), 0],
  range: [(x) => tf.mul(x, tf.range(0, last(x), 1))],
  logarithmicLoss: [
    (x) =>
      tf.losses.softmaxCrossEntropy(tf.onesLike(tf.reshape(x, [2, -1])), tf.reshape(x, [2, -1])),
    1,
  ],
};

describe.skipIf(!engine)('structure and reductions as on the CPU backend', () => {
  for (const [name, [operation, order]] of Object.entries(operations))
    test(name, () =>
      fc.assert(
        fc.asyncProperty(
          // An even number, for the operations that halve.
          fc.tuple(fc.constantFrom(2, 4), fc.integer({ min: 3, max: 5 }), fc.constantFrom(4, 6)),
          fc.integer(),
          (shape, seed) =>
            expectAgreement(engine, operation, [normal(shape, randomStream(seed))], order),
        ),
        { numRuns: 4 },
      ),
    );

  test('gathering, with any axis and number of batch dimensions, repeated indices', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
        fc.nat(3),
        fc.nat(3),
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
        fc.integer(),
        (shape, first, second, more, seed) => {
          const axis = first % shape.length;
          const batchDims = second % (axis + 1);
          const random = randomStream(seed);
          const places = [...shape.slice(0, batchDims), ...more];
          const size = places.reduce((a, b) => a * b, 1);
          const indices = Array.from({ length: size }, () => random.integer(shape[axis] as number));
          return expectAgreement(
            engine,
            ((at: Tensor, x: Tensor) =>
              tf.tanh(tf.gather(x, at as Tensor1D, axis, batchDims))) as Operation,
            [integers(places, ...indices), normal(shape, random)],
          );
        },
      ),
      { numRuns: 40 },
    ));

  test('any order of the axes of a large tensor', () =>
    fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.shuffledSubarray([3, 11, 20, 29], { minLength: 4 }),
        fc.integer(),
        (order, shape, seed) =>
          expectAgreement(
            engine,
            (x) => tf.reshape(tf.transpose(tf.tanh(x), order), [-1]),
            [normal(shape, randomStream(seed))],
            0,
          ),
      ),
      { numRuns: 24 },
    ));

  test('one-hot vectors, also of indices outside', () =>
    expectAgreement(
      engine,
      ((labels: Tensor, x: Tensor) =>
        tf.mul(tf.oneHot(labels as Tensor1D, 4, 2, -1), x)) as Operation,
      [integers([3], 0, 3, 7), normal([3, 4], randomStream(1))],
    ));

  test('embedding look-up with repeated tokens', () =>
    expectAgreement(
      engine,
      ((tokens: Tensor, table: Tensor) =>
        tf.tanh(tf.gather(table, tokens as Tensor1D))) as Operation,
      [integers([5], 2, 0, 2, 2, 1), normal([4, 3], randomStream(2))],
    ));

  test('matrix products: every transposition, operands lying transposed or broadcast', () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.nat(4)),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
        fc.constantFrom([], [2], [2, 3]),
        fc.boolean(),
        fc.integer(),
        ([m, k, more], [transposeA, transposeB, lyingA, lyingB], lead, broadcast, seed) => {
          const n = more + 1;
          const random = randomStream(seed);
          const shape = (rows: number, columns: number, swapped: boolean) =>
            swapped ? [columns, rows] : [rows, columns];
          const a = normal([...lead, ...shape(m, k, transposeA !== lyingA)], random);
          const batch = broadcast ? lead.map(() => 1) : lead;
          const b = normal([...batch, ...shape(k, n, transposeB !== lyingB)], random);
          const swap = (x: Tensor, lying: boolean) => {
            const axes = x.shape.map((_, at) => at);
            return lying ? tf.transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).reverse()]) : x;
          };
          return expectAgreement(
            engine,
            ((x: Tensor, y: Tensor) =>
              tf.tanh(
                tf.matMul(
                  swap(x, lyingA) as Tensor2D,
                  swap(y, lyingB) as Tensor2D,
                  transposeA,
                  transposeB,
                ),
              )) as Operation,
            [a, b],
            // tfjs's own gradient doesn't know broadcast batches.
            broadcast && lead.length > 0 ? 0 : 2,
          );
        },
      ),
      { numRuns: 40 },
    ));

  test('a few rows times a large matrix', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 5 }),
        fc.boolean(),
        fc.integer(),
        (rows, isTransposed, seed) => {
          const random = randomStream(seed);
          const left = isTransposed ? [1024, rows] : [rows, 1024];
          return expectAgreement(
            engine,
            ((x: Tensor2D, w: Tensor2D, bias: Tensor) =>
              tf.tanh(tf.add(tf.matMul(x, tf.mul(w, 0.1), isTransposed), bias))) as Operation,
            [left, [1024, 1030], [1030]].map((shape) => normal(shape, random)),
            1,
          );
        },
      ),
      { numRuns: 3 },
    ));
});
