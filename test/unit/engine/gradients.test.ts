import '@tensorflow/tfjs-backend-cpu';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';

function normal(seed: number, ...shape: number[]): Tensor {
  const random = randomStream(seed, ...shape);
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.normal()),
    shape,
  );
}

const dot = (a: Tensor, b: Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0] as number;
const seeds = fc.integer({ min: 0, max: 1_000_000 });
const dimension = (max: number) => fc.integer({ min: 1, max });

/**
 * A gradient is the adjoint: ⟨∇f(x)ᵀ g, v⟩ = ⟨g, ∇f(x) v⟩. The right side comes from the kernel
 * itself for maps that are linear, and from a central difference for the others.
 */
function expectAdjoint(f: (x: Tensor) => Tensor, x: Tensor, seed: number, linear: boolean) {
  tf.tidy(() => {
    const y = f(x);
    const g = normal(seed + 1, ...y.shape);
    const v = normal(seed + 2, ...x.shape);
    const left = dot(tf.grad(f)(x, g), v);
    const h = 1e-2;
    const along = linear
      ? f(v)
      : tf.div(tf.sub(f(tf.add(x, tf.mul(v, h))), f(tf.sub(x, tf.mul(v, h)))), 2 * h);
    const right = dot(g, along);
    const scale = Math.max(1, Math.sqrt(dot(g, g) * dot(along, along)));
    expect(Math.abs(left - right) / scale).toBeLessThan(linear ? 1e-5 : 1e-3);
  });
}

const run = (kernel: string, inputs: Record<string, Tensor>, attrs: object = {}) =>
  tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap) as Tensor;

describe.each(['cpu', 'wasm'] as const)('gradients that tfjs lacks, on %s', (id) => {
  beforeAll(async () => {
    await openEngine({ prefer: id });
  });

  test('Conv2DBackpropFilter in x and in dy', () => {
    const settings = fc.record({
      seed: seeds,
      batch: dimension(3),
      side: fc.integer({ min: 4, max: 8 }),
      inChannels: dimension(3),
      outChannels: dimension(3),
      filter: dimension(4),
      stride: dimension(3),
      pad: fc.constantFrom('valid' as const, 'same' as const),
    });
    fc.assert(
      fc.property(
        settings,
        ({ seed, batch, side, inChannels, outChannels, filter, stride, pad }) => {
          const filterShape = [filter, filter, inChannels, outChannels] as [
            number,
            number,
            number,
            number,
          ];
          const x = normal(seed, batch, side, side, inChannels) as Tensor4D;
          const { outShape } = tf.backend_util.computeConv2DInfo(
            x.shape,
            filterShape,
            stride,
            1,
            pad,
          );
          const dy = normal(seed + 5, ...outShape);
          const attrs = { strides: stride, pad, dataFormat: 'NHWC', filterShape };
          const filterGradient = (images: Tensor, slopes: Tensor) =>
            run('Conv2DBackpropFilter', { x: images, dy: slopes }, attrs);
          expectAdjoint((images) => filterGradient(images, dy), x, seed, true);
          expectAdjoint((slopes) => filterGradient(x, slopes), dy, seed, true);
        },
      ),
      { numRuns: 25 },
    );
  });

  const pools = fc.record({
    seed: seeds,
    batch: dimension(2),
    side: fc.integer({ min: 4, max: 8 }),
    channels: dimension(3),
    filterSize: dimension(3),
    strides: dimension(3),
  });

  test('AvgPoolGrad and MaxPoolGrad in dy', () => {
    fc.assert(
      fc.property(pools, ({ seed, batch, side, channels, filterSize, strides }) => {
        const input = normal(seed, batch, side, side, channels) as Tensor4D;
        const attrs = { filterSize, strides, pad: 'valid' };
        const output = tf.maxPool(input, filterSize, strides, 'valid');
        const dy = normal(seed + 5, ...output.shape);
        expectAdjoint((d) => run('AvgPoolGrad', { dy: d, input }, attrs), dy, seed, true);
        expectAdjoint((d) => run('MaxPoolGrad', { dy: d, input, output }, attrs), dy, seed, true);
      }),
      { numRuns: 25 },
    );
  });

  test('AvgPool with padding, first and second order', () => {
    fc.assert(
      fc.property(pools, ({ seed, batch, side, channels, filterSize, strides }) => {
        const x = normal(seed, batch, side, side, channels);
        const pool = (images: Tensor) =>
          tf.avgPool(images as Tensor4D, filterSize, strides, 'same');
        expectAdjoint(pool, x, seed, true);
        const weight = normal(seed + 9, ...pool(x).shape);
        // The gradient of a cubic of the pool, which varies with x.
        const slope = (images: Tensor) =>
          tf.grad((at: Tensor) => tf.sum(tf.mul(weight, tf.pow(pool(at), 3))))(images);
        expectAdjoint(slope, tf.mul(x, 0.1), seed, false);
      }),
      { numRuns: 15 },
    );
  });

  test('sums and means over any axes, negative ones and all of them', () => {
    const settings = fc.record({
      seed: seeds,
      shape: fc.array(dimension(4), { minLength: 1, maxLength: 4 }),
      chosen: fc.option(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })),
      fromEnd: fc.boolean(),
      keepDims: fc.boolean(),
    });
    fc.assert(
      fc.property(settings, ({ seed, shape, chosen, fromEnd, keepDims }) => {
        const x = normal(seed, ...shape);
        const axes = chosen
          ? shape.flatMap((_, at) => (chosen[at] ? (fromEnd ? at - shape.length : at) : []))
          : undefined;
        expectAdjoint((at) => tf.sum(at, axes, keepDims), x, seed, true);
        expectAdjoint((at) => tf.mean(at, axes, keepDims), x, seed, true);
      }),
      { numRuns: 25 },
    );
  });

  test('EluGrad in dy and in y: elu to the second order', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const x = normal(seed, 40);
        // Away from the kink at 0, where elu has no second derivative.
        const away = tf.add(x, tf.mul(tf.sign(x), 0.2));
        const slope = (at: Tensor) => tf.grad((z: Tensor) => tf.sum(tf.square(tf.elu(z))))(at);
        expectAdjoint(slope, away, seed, false);
      }),
      { numRuns: 15 },
    );
  });

  test('StridedSlice', () => {
    fc.assert(
      fc.property(seeds, dimension(3), dimension(3), (seed, a, b) => {
        const x = normal(seed, 7, 6);
        expectAdjoint((m) => tf.stridedSlice(m, [1, 0], [7, 6], [a, b]), x, seed, true);
        expectAdjoint((m) => tf.stridedSlice(m, [6, 4], [0, 0], [-a, -b]), x, seed, true);
      }),
      { numRuns: 10 },
    );
  });

  test('gather with batch dimensions, einsum, mirrored padding', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const x = normal(seed, 2, 3, 4);
        const random = randomStream(seed, 'indices');
        const indices = tf.tensor(
          Array.from({ length: 10 }, () => random.integer(4)),
          [2, 5],
          'int32',
        );
        expectAdjoint((m) => tf.gather(m, indices, 2, 1), x, seed, true);
        const other = normal(seed + 1, 5, 4, 2);
        expectAdjoint((m) => tf.einsum('abc,dca->db', m, other), x, seed, true);
        expectAdjoint((m) => tf.einsum('abc->ca', m), x, seed, true);
        for (const mode of ['reflect', 'symmetric'] as const)
          expectAdjoint(
            (m) =>
              tf.mirrorPad(
                m,
                [
                  [1, 0],
                  [2, 1],
                  [0, 2],
                ],
                mode,
              ),
            x,
            seed,
            true,
          );
      }),
      { numRuns: 10 },
    );
  });

  test('depthwise convolution, and both its gradient kernels', () => {
    const settings = fc.record({
      seed: seeds,
      channels: dimension(3),
      multiplier: dimension(2),
      filter: dimension(3),
      strides: dimension(2),
      pad: fc.constantFrom('valid' as const, 'same' as const),
    });
    fc.assert(
      fc.property(settings, ({ seed, channels, multiplier, filter, strides, pad }) => {
        const x = normal(seed, 2, 5, 6, channels) as Tensor4D;
        const w = normal(seed + 1, filter, filter, channels, multiplier) as Tensor4D;
        expectAdjoint((m) => tf.depthwiseConv2d(m as Tensor4D, w, strides, pad), x, seed, true);
        expectAdjoint((m) => tf.depthwiseConv2d(x, m as Tensor4D, strides, pad), w, seed, true);
        const dy = normal(seed + 2, ...tf.depthwiseConv2d(x, w, strides, pad).shape);
        const attrs = { strides, pad, dilations: 1 };
        const input = (slopes: Tensor, taps: Tensor) =>
          run(
            'DepthwiseConv2dNativeBackpropInput',
            { dy: slopes, filter: taps },
            { ...attrs, inputShape: x.shape },
          );
        const kernel = (images: Tensor, slopes: Tensor) =>
          run(
            'DepthwiseConv2dNativeBackpropFilter',
            { x: images, dy: slopes },
            { ...attrs, filterShape: w.shape },
          );
        expectAdjoint((slopes) => input(slopes, w), dy, seed, true);
        expectAdjoint((taps) => input(dy, taps), w, seed, true);
        expectAdjoint((images) => kernel(images, dy), x, seed, true);
        expectAdjoint((slopes) => kernel(x, slopes), dy, seed, true);
      }),
      { numRuns: 15 },
    );
  });

  test('comparisons and logical operations have the gradient zero', () => {
    const x = normal(3, 6);
    const one = tf.ones([6]);
    const positive = (z: Tensor) => tf.greater(z, 0);
    const gates: ((z: Tensor) => Tensor)[] = [
      ...[tf.equal, tf.notEqual, tf.greater, tf.less, tf.lessEqual].map(
        (compare) => (z: Tensor) => compare(z, one),
      ),
      (z) => tf.logicalAnd(positive(z), positive(one)),
      (z) => tf.logicalOr(positive(z), positive(one)),
      (z) => tf.logicalXor(positive(z), positive(one)),
      (z) => tf.logicalNot(positive(z)),
      (z) => tf.all(positive(z)),
      (z) => tf.any(positive(z)),
    ];
    for (const gate of gates) {
      const gated = (z: Tensor) => tf.sum(tf.mul(z, tf.cast(gate(z), 'float32')));
      const open = tf.mul(one, tf.cast(gate(x), 'float32'));
      expect(Array.from(tf.grad(gated)(x).dataSync())).toEqual(Array.from(open.dataSync()));
    }
  });

  test('the gradient kernel of a padded average pool refuses to be differentiated', () => {
    const input = normal(1, 1, 3, 3, 1);
    const attrs = { filterSize: 2, strides: 2, pad: 'same' };
    const spread = (dy: Tensor) => run('AvgPoolGrad', { dy, input }, attrs);
    expect(() => tf.grad(spread)(normal(2, 1, 2, 2, 1))).toThrow(/pool without padding/);
  });
});
