import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Engine } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { expectAgreement, normal, type Operation, type Order } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

const engine = (await openTestEngine()) as Engine;

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 0, maxLength: 4 });
const seeds = fc.integer();

const unary: Record<string, [operation: (x: Tensor) => Tensor, order?: Order]> = {
  abs: [tf.abs],
  neg: [tf.neg],
  exp: [tf.exp],
  expm1: [tf.expm1],
  log: [(x) => tf.log(tf.add(tf.square(x), 0.5))],
  log1p: [(x) => tf.log1p(tf.square(x))],
  sqrt: [(x) => tf.sqrt(tf.add(tf.square(x), 0.5))],
  rsqrt: [(x) => tf.rsqrt(tf.add(tf.square(x), 0.5))],
  reciprocal: [(x) => tf.reciprocal(tf.add(tf.square(x), 1))],
  square: [tf.square],
  sigmoid: [tf.sigmoid],
  tanh: [tf.tanh],
  softplus: [tf.softplus],
  erf: [tf.erf],
  sin: [tf.sin],
  cos: [tf.cos],
  relu: [tf.relu],
  relu6: [(x) => tf.relu6(tf.mul(x, 6))],
  elu: [tf.elu],
  leakyRelu: [(x) => tf.leakyRelu(x, 0.3)],
  step: [(x) => tf.step(x, 0.5), 0],
  sign: [tf.sign],
  floor: [tf.floor],
  ceil: [tf.ceil],
  clip: [(x) => tf.clipByValue(x, -0.5, 0.7)],
  logicalNot: [(x) => tf.logicalNot(tf.greater(x, 0)), 0],
  isNaN: [(x) => tf.isNaN(tf.log(x)), 0],
  isFinite: [(x) => tf.isFinite(tf.log(tf.relu(x))), 0],
  cast: [(x) => tf.cast(tf.cast(tf.mul(x, 3), 'int32'), 'float32'), 0],
  pow: [(x) => tf.pow(tf.add(tf.square(x), 0.5), 1.5)],
};

const binary: Record<string, [operation: (a: Tensor, b: Tensor) => Tensor, order?: Order]> = {
  add: [tf.add],
  sub: [tf.sub],
  mul: [tf.mul],
  div: [(a, b) => tf.div(a, tf.add(tf.square(b), 1))],
  // tfjs's own gradients of these three don't broadcast.
  maximum: [(a, b) => tf.maximum(tf.add(a, tf.zerosLike(b)), tf.add(b, tf.zerosLike(a)))],
  minimum: [(a, b) => tf.minimum(tf.add(a, tf.zerosLike(b)), tf.add(b, tf.zerosLike(a)))],
  squaredDifference: [
    (a, b) => tf.squaredDifference(tf.add(a, tf.zerosLike(b)), tf.add(b, tf.zerosLike(a))),
  ],
  maximumAlone: [tf.maximum, 0],
  squaredDifferenceAlone: [tf.squaredDifference, 0],
  atan2: [tf.atan2],
  mod: [(a, b) => tf.mod(tf.mul(3, a), tf.add(tf.sign(b), tf.mul(0.3, b))), 1],
  floorDiv: [tf.floorDiv, 0],
  logicalXor: [(a, b) => tf.logicalXor(tf.greater(a, 0), tf.greater(b, 0)), 0],
  greater: [tf.greater, 0],
  greaterEqual: [tf.greaterEqual, 0],
  less: [tf.less, 0],
  lessEqual: [tf.lessEqual, 0],
  equal: [(a, b) => tf.equal(tf.round(a), tf.round(b)), 0],
  notEqual: [(a, b) => tf.notEqual(tf.round(a), tf.round(b)), 0],
  logicalAnd: [(a, b) => tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)), 0],
  logicalOr: [(a, b) => tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0)), 0],
  knownFactorOfOne: [(a, b) => tf.mul(a, tf.mul(3, b))],
  where: [(a, b) => tf.where(tf.greater(a, b), tf.mul(a, b), b)],
};

/** Two shapes that broadcast: some axes shortened to one, leading axes dropped. */
const broadcasting = fc
  .tuple(shapes, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), fc.nat(4))
  .map(([shape, isOne, dropped]) => {
    const shortened = (from: number) => shape.map((length, at) => (isOne[from + at] ? 1 : length));
    return [shortened(0), shortened(4).slice(Math.min(dropped, shape.length))] as const;
  });

describe.skipIf(!engine)('element by element as on the CPU backend', () => {
  for (const [name, [operation, order]] of Object.entries(unary))
    test(name, () =>
      fc.assert(
        fc.asyncProperty(shapes, seeds, (shape, seed) =>
          expectAgreement(engine, operation, [normal(shape, randomStream(seed))], order),
        ),
        { numRuns: 4 },
      ),
    );

  for (const [name, [operation, order]] of Object.entries(binary))
    test(name, () =>
      fc.assert(
        fc.asyncProperty(broadcasting, seeds, ([a, b], seed) => {
          const random = randomStream(seed);
          const inputs = [normal(a, random), normal(b, random)];
          return expectAgreement(engine, operation as Operation, inputs, order);
        }),
        { numRuns: 8 },
      ),
    );

  test('operands lying in different orders, some broadcast', () =>
    fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
        seeds,
        (first, second, shape, seed) => {
          const random = randomStream(seed);
          const before = (order: number[]) => {
            const lengths = order.map(() => 1);
            order.forEach((axis, at) => {
              lengths[axis] = shape[at] as number;
            });
            return lengths;
          };
          const inputs = [
            normal(before(first), random),
            normal(before(second), random),
            normal(shape.slice(1), random),
            normal([], random),
          ];
          const operation = (a: Tensor, b: Tensor, c: Tensor, d: Tensor) => {
            const product = tf.mul(tf.transpose(a, first), tf.sigmoid(tf.transpose(b, second)));
            return tf.tanh(tf.sub(tf.mul(product, c), d));
          };
          return expectAgreement(engine, operation as Operation, inputs);
        },
      ),
      { numRuns: 25 },
    ));

  test('angles on the axes and in every quadrant', () => {
    const coordinates = [-2, 0, 3];
    const pairs = coordinates.flatMap((y) => coordinates.map((x) => [y, x] as const));
    const column = (at: 0 | 1) => ({
      shape: [pairs.length],
      data: Float32Array.from(pairs, (pair) => pair[at]),
    });
    return expectAgreement(engine, tf.atan2 as Operation, [column(0), column(1)], 0);
  });

  test('addN, elu of negative numbers, numbers on either side', () =>
    expectAgreement(
      engine,
      ((a: Tensor, b: Tensor) =>
        tf.addN([tf.mul(2, a), tf.sub(1, b), tf.zerosLike(a), tf.elu(tf.mul(a, b))])) as Operation,
      [normal([3, 4], randomStream(1)), normal([3, 4], randomStream(2))],
    ));
});
