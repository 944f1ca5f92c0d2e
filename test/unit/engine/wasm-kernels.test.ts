import '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';

interface Values {
  readonly shape: number[];
  readonly data: Float32Array | Int32Array;
}

beforeAll(async () => {
  await openEngine({ prefer: 'cpu' });
  await openEngine({ prefer: 'wasm' });
});

const sizeOf = (shape: number[]) => shape.reduce((product, length) => product * length, 1);

/** Seeded normal numbers. */
function normals(seed: number, ...shape: number[]): Values {
  const random = randomStream(seed, ...shape);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

async function runOn(
  backend: string,
  kernel: string,
  inputs: Record<string, Values>,
  attrs: object,
) {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, data }]) => [
        name,
        tf.tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32'),
      ]),
    );
    const results = [tf.engine().runKernel(kernel, tensors, attrs as tf.NamedAttrMap)].flat();
    return (results as Tensor[]).map((result) => {
      const { shape, dtype } = result;
      return { shape, dtype, data: result.dataSync() };
    });
  });
}

/** Expects the kernel to give on WebAssembly what it gives on the CPU backend, and to leak nothing. */
async function expectSame(kernel: string, inputs: Record<string, Values>, attrs: object = {}) {
  const wanted = await runOn('cpu', kernel, inputs, attrs);
  await tf.setBackend('wasm');
  const before = { ...tf.memory(), ids: tf.engine().backend.numDataIds() };
  const got = await runOn('wasm', kernel, inputs, attrs);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.engine().backend.numDataIds()).toBe(before.ids);
  expect(got.length).toBe(wanted.length);
  wanted.forEach((result, index) => {
    const other = got[index] as (typeof got)[number];
    expect(other.shape).toEqual(result.shape);
    expect(other.dtype).toBe(result.dtype);
    const scale = Math.max(1, ...Array.from(result.data, Math.abs));
    result.data.forEach((value, at) => {
      expect(Math.abs(value - (other.data[at] as number)) / scale).toBeLessThan(1e-5);
    });
  });
}

const dimension = (max: number) => fc.integer({ min: 1, max });
const seeds = fc.integer({ min: 0, max: 1_000_000 });
const runs = { numRuns: 40 };

const convolutions = fc
  .record({
    seed: seeds,
    batch: dimension(3),
    height: dimension(9),
    width: dimension(9),
    inChannels: dimension(3),
    outChannels: dimension(4),
    filterHeight: dimension(4),
    filterWidth: dimension(4),
    strides: fc.tuple(dimension(3), dimension(3)),
    pad: fc.constantFrom('valid' as const, 'same' as const, 0, 1, 2, 4),
  })
  // With a number of zeros as padding, tfjs works out the size for squares only.
  .map((settings) =>
    typeof settings.pad === 'number'
      ? {
          ...settings,
          filterWidth: settings.filterHeight,
          strides: [settings.strides[0], settings.strides[0]] as [number, number],
        }
      : settings,
  )
  .filter(({ height, width, filterHeight, filterWidth, pad }) => {
    const padded = typeof pad === 'number' ? 2 * pad : 0;
    return pad === 'same' || (height + padded >= filterHeight && width + padded >= filterWidth);
  });

type Convolution = typeof convolutions extends fc.Arbitrary<infer T> ? T : never;

function convolution(settings: Convolution) {
  const { seed, batch, height, width, inChannels, outChannels, strides, pad } = settings;
  const inputShape = [batch, height, width, inChannels] as [number, number, number, number];
  const filterShape = [settings.filterHeight, settings.filterWidth, inChannels, outChannels] as [
    number,
    number,
    number,
    number,
  ];
  const { outShape } = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad);
  return {
    x: normals(seed, ...inputShape),
    filter: normals(seed + 1, ...filterShape),
    dy: normals(seed + 2, ...outShape),
    attrs: { strides, pad, dataFormat: 'NHWC', dilations: [1, 1], inputShape, filterShape },
  };
}

describe('WebAssembly kernels agree with the CPU backend', () => {
  test('Conv2D', () =>
    fc.assert(
      fc.asyncProperty(convolutions, async (settings) => {
        const { x, filter, attrs } = convolution(settings);
        await expectSame('Conv2D', { x, filter }, attrs);
      }),
      runs,
    ));

  test('Conv2D where the stride skips over the border', async () => {
    const [x, filter] = [normals(1, 1, 6, 6, 1), normals(2, 2, 2, 1, 1)];
    const attrs = { strides: 3, pad: 'same', dataFormat: 'NHWC', dilations: 1 };
    await expectSame('Conv2D', { x, filter }, attrs);
  });

  test('Conv2DBackpropFilter', () =>
    fc.assert(
      fc.asyncProperty(convolutions, async (settings) => {
        const { x, dy, attrs } = convolution(settings);
        await expectSame('Conv2DBackpropFilter', { x, dy }, attrs);
      }),
      runs,
    ));

  test('Conv2DBackpropInput', () =>
    fc.assert(
      fc.asyncProperty(convolutions, async (settings) => {
        const { filter, dy, attrs } = convolution(settings);
        await expectSame('Conv2DBackpropInput', { dy, filter }, attrs);
      }),
      runs,
    ));

  test('Conv2DBackpropFilter of more patches than one matrix holds: the sum of its halves', async () => {
    const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', filterShape: [5, 5, 64, 2] };
    const filterGradient = async (x: Values, dy: Values) => {
      const [result] = await runOn('wasm', 'Conv2DBackpropFilter', { x, dy }, attrs);
      return result?.data as Float32Array;
    };
    const images = (all: Values, from: number, to: number): Values => {
      const size = all.data.length / (all.shape[0] as number);
      return {
        shape: [to - from, ...all.shape.slice(1)],
        data: all.data.slice(from * size, to * size),
      };
    };
    const [x, dy] = [normals(1, 16, 32, 32, 64), normals(2, 16, 32, 32, 2)];
    const whole = await filterGradient(x, dy);
    const [first, second] = await Promise.all([
      filterGradient(images(x, 0, 8), images(dy, 0, 8)),
      filterGradient(images(x, 8, 16), images(dy, 8, 16)),
    ]);
    const worst = whole.reduce(
      (most, value, at) =>
        Math.max(most, Math.abs(value - (first[at] as number) - (second[at] as number))),
      0,
    );
    expect(worst / Math.max(...Array.from(whole, Math.abs))).toBeLessThan(1e-4);
  });

  test('Conv2DBackpropInput where the padding is wider than the filter', async () => {
    const [dy, filter] = [normals(1, 2, 7, 7, 3), normals(2, 2, 2, 2, 3)];
    const attrs = { strides: [1, 1], pad: 2, dataFormat: 'NHWC', inputShape: [2, 4, 4, 2] };
    await expectSame('Conv2DBackpropInput', { dy, filter }, attrs);
  });

  const matrices = fc.record({
    seed: seeds,
    batch: fc.constantFrom<[number[], number[]]>(
      [[], []],
      [[1], [1]],
      [[3], [3]],
      [[3], [1]],
      [[1], [3]],
      [
        [2, 3],
        [2, 3],
      ],
      [
        [2, 3],
        [1, 3],
      ],
    ),
    rows: dimension(7),
    inner: dimension(7),
    columns: dimension(7),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
  });

  test('BatchMatMul', () =>
    fc.assert(
      fc.asyncProperty(matrices, async ({ seed, batch, rows, inner, columns, ...transposes }) => {
        const a = transposes.transposeA ? [inner, rows] : [rows, inner];
        const b = transposes.transposeB ? [columns, inner] : [inner, columns];
        await expectSame(
          'BatchMatMul',
          { a: normals(seed, ...batch[0], ...a), b: normals(seed + 1, ...batch[1], ...b) },
          transposes,
        );
      }),
      runs,
    ));

  test('BatchMatMul repeats each axis of the batch on its own (the CPU backend does not)', async () => {
    const attrs = { transposeA: false, transposeB: false };
    const [a, b] = [normals(1, 2, 1, 4, 5), normals(2, 2, 3, 5, 6)];
    const [repeated] = await runOn('wasm', 'Tile', { x: a }, { reps: [1, 3, 1, 1] });
    const tiled = { shape: repeated?.shape as number[], data: repeated?.data as Float32Array };
    const [got] = await runOn('wasm', 'BatchMatMul', { a, b }, attrs);
    const [wanted] = await runOn('cpu', 'BatchMatMul', { a: tiled, b }, attrs);
    expect(got?.shape).toEqual([2, 3, 4, 6]);
    wanted?.data.forEach((value, at) => {
      expect(got?.data[at]).toBeCloseTo(value, 4);
    });
  });

  const pools = fc
    .record({
      seed: seeds,
      batch: dimension(3),
      height: dimension(8),
      width: dimension(8),
      channels: dimension(4),
      filterSize: fc.tuple(dimension(3), dimension(3)),
      strides: fc.tuple(dimension(3), dimension(3)),
      pad: fc.constantFrom('valid' as const, 'same' as const),
    })
    .filter(
      ({ height, width, filterSize, pad }) =>
        pad === 'same' || (height >= filterSize[0] && width >= filterSize[1]),
    );

  test('AvgPoolGrad, MaxPoolGrad, MaxPoolWithArgmax', () =>
    fc.assert(
      fc.asyncProperty(pools, async ({ seed, batch, height, width, channels, ...attrs }) => {
        const shape = [batch, height, width, channels] as [number, number, number, number];
        const { filterSize, strides, pad } = attrs;
        const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad);
        const input = normals(seed, ...shape);
        const dy = normals(seed + 1, ...info.outShape);
        const output = normals(seed, ...info.outShape);
        await expectSame('AvgPoolGrad', { dy, input }, attrs);
        await expectSame('MaxPoolGrad', { dy, input, output }, attrs);
        for (const includeBatchInIndex of [true, false])
          await expectSame('MaxPoolWithArgmax', { x: input }, { ...attrs, includeBatchInIndex });
      }),
      runs,
    ));

  const shapes = fc.array(dimension(4), { minLength: 1, maxLength: 4 });

  test('Sum', () =>
    fc.assert(
      fc.asyncProperty(shapes, seeds, fc.boolean(), fc.nat(), async (shape, seed, keepDims, n) => {
        const x = normals(seed, ...shape);
        const leading = Array.from({ length: (n % shape.length) + 1 }, (_, axis) => axis);
        await expectSame('Sum', { x }, { axis: leading, keepDims });
        await expectSame('Sum', { x }, { axis: leading.toReversed(), keepDims });
        await expectSame('Sum', { x }, { axis: [shape.length - 1], keepDims });
      }),
      runs,
    ));

  test('Add, Sub, Multiply, RealDiv with broadcasting', () =>
    fc.assert(
      fc.asyncProperty(shapes, seeds, fc.nat(), async (shape, seed, n) => {
        const tail = shape.slice(n % (shape.length + 1));
        const ones = shape.map((length, axis) => ((n >> axis) & 1 ? length : 1));
        for (const part of [tail, [1, ...tail].slice(-shape.length), ones])
          for (const kernel of ['Add', 'Sub', 'Multiply', 'RealDiv']) {
            const [a, b] = [normals(seed, ...shape), normals(seed + 1, ...part)];
            await expectSame(kernel, { a, b });
            await expectSame(kernel, { a: b, b: a });
          }
      }),
      runs,
    ));

  test('UnsortedSegmentSum', () =>
    fc.assert(
      fc.asyncProperty(shapes, seeds, dimension(5), async (shape, seed, numSegments) => {
        const random = randomStream(seed);
        const ids = Int32Array.from({ length: shape[0] as number }, () => random.integer(5));
        const segmentIds = { shape: [shape[0] as number], data: ids };
        await expectSame(
          'UnsortedSegmentSum',
          { x: normals(seed, ...shape), segmentIds },
          { numSegments },
        );
      }),
      runs,
    ));
});

test('GatherV2 with batch dimensions, of float and of int tensors', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({ seed: seeds, lengths: fc.tuple(dimension(3), dimension(3), dimension(4)) }),
      fc.nat(2),
      fc.nat(2),
      async ({ seed, lengths }, axis, second) => {
        const batchDims = second % (axis + 1);
        const random = randomStream(seed);
        const shape = [...lengths.slice(0, batchDims), 2];
        const places = Array.from({ length: sizeOf(shape) }, () =>
          random.integer(lengths[axis] as number),
        );
        const indices = { shape, data: Int32Array.from(places) };
        const x = normals(seed, ...lengths);
        const whole = { shape: x.shape, data: Int32Array.from(x.data, (value) => 9 * value) };
        await expectSame('GatherV2', { x, indices }, { axis, batchDims });
        await expectSame('GatherV2', { x: whole, indices }, { axis, batchDims });
      },
    ),
    { numRuns: 20 },
  ));

/** Einsum takes a list, as its CPU kernel insists; the other helpers name their inputs. */
test.each([
  ['ab,bc->ac', [2, 3], [3, 4]],
  ['abc,dbc->ad', [2, 3, 4], [5, 3, 4]],
  ['ab,ab->', [2, 3], [2, 3]],
  ['abc->ca', [2, 3, 4]],
  ['abc->bac', [2, 3, 4]],
])('Einsum %s', async (equation, ...shapes) => {
  const results: Values[] = [];
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const before = tf.engine().backend.numDataIds();
    tf.tidy(() => {
      const operands = (shapes as number[][]).map((shape, at) =>
        tf.tensor(normals(at, ...shape).data, shape),
      );
      const sum = tf.einsum(equation, ...operands);
      results.push({ shape: sum.shape, data: Float32Array.from(sum.dataSync()) });
    });
    expect(tf.engine().backend.numDataIds()).toBe(before);
  }
  const [wanted, got] = results as [Values, Values];
  expect(got.shape).toEqual(wanted.shape);
  wanted.data.forEach((value, at) => {
    expect(got.data[at]).toBeCloseTo(value, 4);
  });
});

test('the gradient kernels of depthwise convolution', () =>
  fc.assert(
    fc.asyncProperty(convolutions, dimension(2), async (settings, multiplier) => {
      const { seed, batch, height, width, inChannels, strides, pad } = settings;
      const inputShape = [batch, height, width, inChannels] as [number, number, number, number];
      const filterShape = [settings.filterHeight, settings.filterWidth, inChannels, multiplier] as [
        number,
        number,
        number,
        number,
      ];
      const { outShape } = tf.backend_util.computeConv2DInfo(
        inputShape,
        filterShape,
        strides,
        1,
        pad,
        'floor',
        true,
      );
      const dy = normals(seed, ...outShape);
      const attrs = { strides, pad, dilations: 1, dimRoundingMode: 'floor' };
      await expectSame(
        'DepthwiseConv2dNativeBackpropInput',
        { dy, filter: normals(seed + 1, ...filterShape) },
        { ...attrs, inputShape },
      );
      await expectSame(
        'DepthwiseConv2dNativeBackpropFilter',
        { dy, x: normals(seed + 2, ...inputShape) },
        { ...attrs, filterShape },
      );
    }),
    runs,
  ));
