import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Engine, NdArray } from '../../../../src/engine/program.ts';
import { type RandomStream, randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { crossEntropy } from '../../../../src/models/loss.ts';
import { expectAgreement, normal, type Operation, type Order } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

/** Parts of the suite's programs; this engine has no fallback, so that an unknown kernel fails. */
const engine = (await openTestEngine()) as Engine;

const length = (min: number, max: number) => fc.integer({ min, max });

function whole(shape: number[], bound: number, random: RandomStream): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Int32Array.from({ length: size }, () => random.integer(bound)) };
}

const normals = (random: RandomStream, ...shapes: number[][]): NdArray[] =>
  shapes.map((shape) => normal(shape, random));

/** Checks an operation on what `inputs` draws, for random lengths and seeds. */
const agrees = (
  lengths: readonly (readonly [number, number])[],
  inputs: (random: RandomStream, ...lengths: number[]) => NdArray[],
  operation: (...x: Tensor[]) => Tensor | Tensor[],
  { order, runs = 5, tolerance }: { order?: Order; runs?: number; tolerance?: number } = {},
) =>
  fc.assert(
    fc.asyncProperty(
      fc.tuple(...lengths.map(([min, max]) => length(min, max))),
      fc.integer(),
      (drawn, seed) =>
        expectAgreement(
          engine,
          operation as Operation,
          inputs(randomStream(seed), ...drawn),
          order,
          tolerance,
        ),
    ),
    { numRuns: runs },
  );

function layerNorm(h: Tensor, scale: Tensor, offset: Tensor): Tensor {
  const { mean, variance } = tf.moments(h, -1, true);
  return tf.add(tf.mul(tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, 1e-5))), scale), offset);
}

const gelu = (h: Tensor) => tf.mul(tf.mul(0.5, h), tf.add(1, tf.erf(tf.mul(h, Math.SQRT1_2))));

/** One head over [batch, time, width]; a position sees itself and those before it. */
function causalAttention(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const [, time, width] = q.shape as [number, number, number];
  const order = tf.range(0, time, 1, 'int32');
  const isVisible = tf.greaterEqual(tf.reshape(order, [time, 1]), tf.reshape(order, [1, time]));
  const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(width));
  return tf.matMul(tf.softmax(tf.where(isVisible, scores, tf.fill(scores.shape, -1e9))), v);
}

describe.skipIf(!engine)('parts of programs as on the CPU backend, to the second order', () => {
  test('layer norm', () =>
    agrees(
      [
        [1, 3],
        [1, 4],
        [3, 6],
      ],
      (random, batch, time, width) =>
        normals(
          random,
          [batch as number, time as number, width as number],
          [width as number],
          [width as number],
        ),
      (h, scale, offset) => tf.tanh(layerNorm(h, scale as Tensor, offset as Tensor)),
    ));

  test('causal attention', () =>
    agrees(
      [
        [1, 2],
        [1, 5],
        [1, 4],
      ],
      (random, ...shape) => normals(random, shape, shape, shape),
      (q, k, v) => causalAttention(q as Tensor, k as Tensor, v as Tensor),
    ));

  test('GELU, exact and by tanh', () =>
    agrees(
      [
        [1, 4],
        [1, 5],
      ],
      (random, ...shape) => normals(random, shape),
      (h) => {
        const inner = tf.mul(
          Math.sqrt(2 / Math.PI),
          tf.add(h as Tensor, tf.mul(0.044715, tf.pow(h as Tensor, 3))),
        );
        return [gelu(h as Tensor), tf.mul(tf.mul(0.5, h as Tensor), tf.add(1, tf.tanh(inner)))];
      },
    ));

  test('a language model: embeddings shared with the output, a block, cross entropy over tokens', () =>
    agrees(
      [
        [1, 2],
        [2, 4],
        // Two numbers can lie so close together that their layer norm magnifies rounding errors.
        [3, 5],
        [3, 6],
      ],
      (random, batch = 1, time = 1, width = 1, vocabulary = 1) => [
        whole([batch, time], vocabulary, random),
        whole([batch * time], vocabulary, random),
        ...normals(random, [vocabulary, width], [time, width], [width], [width]),
        ...normals(random, [width, 3 * width], [3 * width], [width, 4 * width], [4 * width, width]),
      ],
      (tokens, targets, table, places, scale, offset, qkv, bias, up, down) => {
        const [batch, time] = (tokens as Tensor).shape as [number, number];
        const width = (table as Tensor).shape[1] as number;
        const dense = (h: Tensor, w: Tensor) =>
          tf.reshape(tf.matMul(tf.reshape(h, [batch * time, -1]), w as Tensor2D), [
            batch,
            time,
            -1,
          ]);
        const embedded = tf.add(tf.gather(table as Tensor, tokens as Tensor2D), places as Tensor);
        const normed = layerNorm(embedded, scale as Tensor, offset as Tensor);
        const [q, k, v] = tf.split(tf.add(dense(normed, qkv as Tensor), bias as Tensor), 3, -1);
        const mixed = tf.add(embedded, causalAttention(q as Tensor, k as Tensor, v as Tensor));
        const out = tf.add(mixed, dense(gelu(dense(mixed, up as Tensor)), down as Tensor));
        const logits = tf.matMul(
          tf.reshape(out, [batch * time, width]),
          table as Tensor2D,
          false,
          true,
        );
        return crossEntropy(logits, targets as Tensor);
      },
      // Float32 cancels in GELU's tail and in a saturated softmax: 1.3e-4 was the most in 3,000
      // draws. The parts are held to the common tolerance each; a wrong rule is off by order one.
      { tolerance: 1e-3 },
    ));

  test('an LSTM over time, with its last state', () =>
    agrees(
      [
        [1, 2],
        [1, 3],
        [1, 3],
        [1, 3],
      ],
      (random, batch = 1, time = 1, features = 1, units = 1) =>
        normals(random, [batch, time, features], [features + units, 4 * units], [4 * units]),
      (x, kernel, bias) => {
        const units = ((bias as Tensor).shape[0] as number) / 4;
        let state: Tensor = tf.zeros([(x as Tensor).shape[0] as number, units]);
        let cell = state;
        for (const at of tf.unstack(x as Tensor, 1)) {
          const z = tf.add(
            tf.matMul(tf.concat([at, state], 1), kernel as Tensor2D),
            bias as Tensor,
          );
          const [i, f, g, o] = tf.split(z, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
          cell = tf.add(tf.mul(tf.sigmoid(f), cell), tf.mul(tf.sigmoid(i), tf.tanh(g)));
          state = tf.mul(tf.sigmoid(o), tf.tanh(cell));
        }
        return [state, cell];
      },
    ));

  test("tfjs's own LSTM cell", () =>
    agrees(
      [
        [1, 2],
        [1, 3],
        [1, 3],
      ],
      (random, batch = 1, features = 1, units = 1) =>
        normals(
          random,
          [batch, features],
          [features + units, 4 * units],
          [4 * units],
          [batch, units],
          [batch, units],
        ),
      (x, kernel, bias, c, h) =>
        tf.basicLSTMCell(
          1,
          kernel as Tensor2D,
          bias as Tensor1D,
          x as Tensor2D,
          c as Tensor2D,
          h as Tensor2D,
        ),
    ));

  test('gradients sample by sample, clipped and summed (DP-SGD)', () =>
    agrees(
      [
        [1, 4],
        [1, 4],
        [2, 3],
      ],
      (random, samples = 1, features = 1, classes = 1) => [
        whole([samples], classes, random),
        ...normals(random, [samples, features], [features, classes], [classes]),
      ],
      (labels, x, weight, bias) => {
        const ofSample = (at: number) =>
          tf.grads((w: Tensor, b: Tensor) => {
            const input = tf.slice(x as Tensor2D, [at, 0], [1, -1]);
            const logits = tf.add(tf.matMul(input, w as Tensor2D), b);
            return crossEntropy(logits, tf.slice(labels as Tensor1D, at, 1)) as Scalar;
          })([weight as Tensor, bias as Tensor]);
        const clipped = Array.from({ length: (x as Tensor).shape[0] as number }, (_, at) => {
          const slopes = ofSample(at);
          const norm = tf.sqrt(tf.addN(slopes.map((slope) => tf.sum(tf.square(slope)))));
          return slopes.map((slope) => tf.div(slope, tf.maximum(norm, 1)));
        });
        return [0, 1].map((part) => tf.addN(clipped.map((slopes) => slopes[part] as Tensor)));
      },
    ));

  test('total variation of images', () =>
    agrees(
      [
        [1, 2],
        [2, 5],
        [2, 5],
        [1, 3],
      ],
      (random, ...shape) => normals(random, shape),
      (x) => {
        const [, height, width] = (x as Tensor).shape as [number, number, number];
        const part = (top: number, left: number, rows: number, columns: number) =>
          tf.slice(x as Tensor, [0, top, left, 0], [-1, rows, columns, -1]);
        const down = tf.sub(part(1, 0, height - 1, width), part(0, 0, height - 1, width));
        const across = tf.sub(part(0, 1, height, width - 1), part(0, 0, height, width - 1));
        return tf.add(tf.mean(tf.abs(down)), tf.mean(tf.abs(across)));
      },
    ));
});

describe.skipIf(!engine)('steps of optimizers as on the CPU backend', () => {
  const slope = (x: Tensor) => tf.grad((y: Tensor) => tf.sum(tf.pow(tf.square(y), 1.5)))(x);

  test('momentum with a proximal term', () =>
    agrees(
      [
        [1, 4],
        [1, 4],
      ],
      (random, ...shape) => normals(random, shape, shape, shape),
      (x, velocity, anchor) => {
        const pull = tf.mul(0.1, tf.sub(x as Tensor, anchor as Tensor));
        const moved = tf.add(tf.mul(0.9, velocity as Tensor), tf.add(slope(x as Tensor), pull));
        return [tf.sub(x as Tensor, tf.mul(0.1, moved)), moved];
      },
      { order: 1 },
    ));

  test('Adam, plain and on signs, clipped to a box', () =>
    agrees(
      [
        [1, 4],
        [1, 4],
      ],
      (random, ...shape) => normals(random, shape, shape, shape, []),
      (x, first, second, number) => {
        const step = tf.add(1, tf.abs(number as Tensor));
        return [slope(x as Tensor), tf.sign(slope(x as Tensor))].flatMap((g) => {
          const m = tf.add(tf.mul(0.9, first as Tensor), tf.mul(0.1, g));
          const v = tf.add(tf.mul(0.999, tf.square(second as Tensor)), tf.mul(0.001, tf.square(g)));
          const fair = (moment: Tensor, beta: number) =>
            tf.div(moment, tf.sub(1, tf.pow(beta, step)));
          const change = tf.div(fair(m, 0.9), tf.add(tf.sqrt(fair(v, 0.999)), 1e-3));
          return [tf.clipByValue(tf.sub(x as Tensor, tf.mul(0.1, change)), 0, 1), m, v];
        });
      },
      { order: 0 },
    ));

  test('the two-loop recursion of L-BFGS over a stored history, pairs of no curvature left out', () =>
    agrees(
      [
        [2, 5],
        [1, 4],
      ],
      (random, size = 1, memory = 1) => normals(random, [size], [memory, size], [memory, size]),
      (gradient, steps, changes) => {
        const [s, y] = [tf.unstack(steps as Tensor), tf.unstack(changes as Tensor)];
        const dot = (a: Tensor, b: Tensor) => tf.sum(tf.mul(a, b));
        const rho = s.map((step, at) => {
          const curvature = dot(step, y[at] as Tensor);
          const isUsable = tf.greater(curvature, 1e-2);
          return tf.where(isUsable, tf.div(1, tf.where(isUsable, curvature, 1)), 0);
        });
        let direction = gradient as Tensor;
        const weights = s.map(() => tf.scalar(0) as Tensor);
        for (let at = s.length - 1; at >= 0; at--) {
          weights[at] = tf.mul(rho[at] as Tensor, dot(s[at] as Tensor, direction));
          direction = tf.sub(direction, tf.mul(weights[at] as Tensor, y[at] as Tensor));
        }
        s.forEach((step, at) => {
          const back = tf.mul(rho[at] as Tensor, dot(y[at] as Tensor, direction));
          direction = tf.add(direction, tf.mul(tf.sub(weights[at] as Tensor, back), step));
        });
        // The newest pair moves in, the oldest out.
        return [direction, tf.concat([tf.slice(steps as Tensor, 1), tf.expandDims(direction)], 0)];
      },
      { order: 0 },
    ));
});
