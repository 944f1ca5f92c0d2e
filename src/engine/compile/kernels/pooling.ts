import type { backend_util } from '@tensorflow/tfjs-core';
import { isTiled, type PoolAttributes, poolGeometry } from '../../pool-geometry.ts';
import type { Edge, Graph } from '../graph.ts';
import {
  arrange,
  knownSplat,
  plain,
  reshapeEdge,
  sizeOf,
  splat,
  type Value,
  view,
} from '../value.ts';
import { NCHW, NHWC_IN_NCHW, onnxPads } from './convolution-geometry.ts';
import { cast, elementwise } from './elementwise.ts';
import { input, type KernelCall, type KernelTable } from './kernel.ts';

type Geometry = backend_util.Conv2DInfo;

const geometryOf = ({ attrs }: KernelCall, shape: readonly number[]): Geometry =>
  poolGeometry(shape, attrs as unknown as PoolAttributes);

const outputShape = ({ batchSize, outChannels, outHeight, outWidth }: Geometry): number[] => [
  batchSize,
  outChannels,
  outHeight,
  outWidth,
];

const window = (geometry: Geometry) => ({
  kernel_shape: [geometry.filterHeight, geometry.filterWidth],
  strides: [geometry.strideHeight, geometry.strideWidth],
  pads: onnxPads(geometry.padInfo),
});

/** The maxima, and where they lie: positions in the input counted in NCHW order. */
function maxPool(graph: Graph, x: Value, geometry: Geometry): { maxima: Edge; winners: Edge } {
  const shape = outputShape(geometry);
  const [maxima, winners] = graph.addMany(
    'MaxPool',
    [arrange(graph, x, NCHW)],
    [
      { type: 'float32', shape },
      { type: 'int64', shape },
    ],
    window(geometry),
  ) as [Edge, Edge];
  return { maxima, winners };
}

/** dx of maximum pooling: each dy goes to its window's winner; shared winners add up. */
function maxPoolGrad(graph: Graph, dy: Value, x: Value, geometry: Geometry): Value {
  const { batchSize, inChannels, inHeight, inWidth } = geometry;
  const shape = [batchSize, inChannels, inHeight, inWidth];
  if (isTiled(geometry)) {
    const winners = winnersOfTiles(graph, x, geometry);
    if (knownSplat(dy) === 1) return winners;
    const spread = spreadOverTiles(graph, arrange(graph, dy, NCHW), geometry);
    const slopes = view(spread, x.shape, NHWC_IN_NCHW);
    return elementwise(graph, 'Mul', [winners, slopes], 'float32');
  }
  const output = { type: 'float32' as const, shape };
  const { winners } = maxPool(graph, x, geometry);
  const planes = arrange(graph, dy, NCHW);
  // Unpooling is the faster way, where windows lie side by side inside the input.
  const isApart = (outputs: number, inputs: number, filter: number, stride: number) =>
    filter <= stride && (outputs - 1) * stride + filter <= inputs;
  if (
    isApart(geometry.outHeight, inHeight, geometry.filterHeight, geometry.strideHeight) &&
    isApart(geometry.outWidth, inWidth, geometry.filterWidth, geometry.strideWidth)
  ) {
    const { kernel_shape, strides } = window(geometry);
    const inputs = [planes, winners, graph.int64(shape)];
    const edge = graph.add('MaxUnpool', inputs, output, { kernel_shape, strides });
    return view(edge, x.shape, NHWC_IN_NCHW);
  }
  const flat = [sizeOf(winners.shape)];
  const zeros = arrange(graph, splat(graph.scalar('float32', 0), [sizeOf(shape)]), [0]);
  const scattered = graph.add(
    'ScatterElements',
    [zeros, reshapeEdge(graph, winners, flat), reshapeEdge(graph, planes, flat)],
    { type: 'float32', shape: zeros.shape },
    { axis: 0, reduction: 'add' },
  );
  return view(reshapeEdge(graph, scattered, shape), x.shape, NHWC_IN_NCHW);
}

/**
 * 1 where the first of the largest numbers of each window lies, else 0. The runtime's own answer, a
 * pooling that tells the positions, takes twice as long as all of this (measured).
 */
function winnersOfTiles(graph: Graph, x: Value, geometry: Geometry): Value {
  const { filterHeight, filterWidth, inHeight, inWidth } = geometry;
  const isLargest = (of: Value): Value => {
    const edge = arrange(graph, of, NCHW);
    const largest = spreadOverTiles(graph, maximaOfTiles(graph, edge, geometry), geometry);
    const answers = graph.add('Equal', [edge, largest], { type: 'bool', shape: edge.shape });
    return cast(graph, view(answers, x.shape, NHWC_IN_NCHW), 'float32');
  };
  // Larger the earlier in its window, so that of several largest one remains.
  const ranks = Float32Array.from({ length: inHeight * inWidth }, (_, at) => {
    const [row, column] = [Math.floor(at / inWidth) % filterHeight, (at % inWidth) % filterWidth];
    return filterHeight * filterWidth - (row * filterWidth + column);
  });
  const ranked = plain(graph.constant('float32', [1, inHeight, inWidth, 1], ranks));
  return isLargest(elementwise(graph, 'Mul', [isLargest(x), ranked], 'float32'));
}

function maximaOfTiles(graph: Graph, planes: Edge, geometry: Geometry): Edge {
  const output = { type: 'float32' as const, shape: outputShape(geometry) };
  return graph.add('MaxPool', [planes], output, window(geometry));
}

/** Every number of [N, C, H, W] in the place of all of its window. */
function spreadOverTiles(graph: Graph, planes: Edge, geometry: Geometry): Edge {
  const { filterHeight, filterWidth, batchSize, inChannels, inHeight, inWidth } = geometry;
  const scales = Float32Array.of(1, 1, filterHeight, filterWidth);
  return graph.add(
    'Resize',
    // No region of interest.
    [
      planes,
      graph.constant('float32', [0], new Float32Array(0)),
      graph.constant('float32', [4], scales),
    ],
    { type: 'float32', shape: [batchSize, inChannels, inHeight, inWidth] },
    { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  );
}

/** Positions counted in NHWC order, as tfjs counts them, from those counted in NCHW order. */
function positionsInNhwc(graph: Graph, winners: Edge, geometry: Geometry, inBatch: boolean): Value {
  const { batchSize, inChannels, inHeight, inWidth } = geometry;
  const area = inHeight * inWidth;
  const planes = [batchSize, inChannels, 1, 1];
  const perPlane = (at: (image: number, channel: number) => number) => {
    const numbers = Array.from({ length: batchSize * inChannels }, (_, plane) =>
      BigInt(at(Math.floor(plane / inChannels), plane % inChannels)),
    );
    return graph.constant('int64', planes, BigInt64Array.from(numbers));
  };
  const output = { type: 'int64' as const, shape: winners.shape };
  const starts = perPlane((image, channel) => (image * inChannels + channel) * area);
  const pixel = graph.add('Sub', [winners, starts], output);
  const spread = graph.add('Mul', [pixel, graph.int64([inChannels])], output);
  const offsets = perPlane((image, channel) =>
    inBatch ? image * area * inChannels + channel : channel,
  );
  const edge = graph.add('Add', [spread, offsets], output);
  return cast(graph, view(edge, geometry.outShape, NHWC_IN_NCHW), 'int32');
}

/**
 * dx of average pooling as tfjs defines it: dy over the window's size, added up over the windows.
 * A product with a 0/1 matrix per axis spreads it.
 */
function avgPoolGrad(graph: Graph, dy: Value, geometry: Geometry): Value {
  const { batchSize, inChannels, inHeight, inWidth, outHeight, outWidth } = geometry;
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = geometry;
  const planes = arrange(graph, dy, NCHW);
  const columns = coverage(outWidth, inWidth, filterWidth, strideWidth, padInfo.left);
  const wide = graph.add(
    'MatMul',
    [planes, graph.constant('float32', [outWidth, inWidth], columns)],
    { type: 'float32', shape: [batchSize, inChannels, outHeight, inWidth] },
  );
  const rows = transposed(
    coverage(outHeight, inHeight, filterHeight, strideHeight, padInfo.top),
    outHeight,
    inHeight,
  );
  const edge = graph.add('MatMul', [graph.constant('float32', [inHeight, outHeight], rows), wide], {
    type: 'float32',
    shape: [batchSize, inChannels, inHeight, inWidth],
  });
  return view(edge, geometry.inShape, NHWC_IN_NCHW);
}

/** [outputs, inputs]: 1/filter where the window of an output covers an input. */
function coverage(
  outputs: number,
  inputs: number,
  filter: number,
  stride: number,
  before: number,
): Float32Array {
  const matrix = new Float32Array(outputs * inputs);
  for (let output = 0; output < outputs; output++)
    for (let tap = 0; tap < filter; tap++) {
      const at = output * stride - before + tap;
      if (at >= 0 && at < inputs) matrix[output * inputs + at] = 1 / filter;
    }
  return matrix;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(matrix, (_, at) => {
    return matrix[(at % rows) * columns + Math.floor(at / rows)] as number;
  });
}

export const poolingKernels: KernelTable = {
  AvgPool: (call) => {
    const x = input(call, 'x');
    const geometry = geometryOf(call, x.shape);
    const edge = call.graph.add(
      'AveragePool',
      [arrange(call.graph, x, NCHW)],
      { type: 'float32', shape: outputShape(geometry) },
      window(geometry),
    );
    return view(edge, geometry.outShape, NHWC_IN_NCHW);
  },
  AvgPoolGrad: (call) => {
    const geometry = geometryOf(call, input(call, 'input').shape);
    return avgPoolGrad(call.graph, input(call, 'dy'), geometry);
  },
  MaxPool: (call) => {
    const x = input(call, 'x');
    const geometry = geometryOf(call, x.shape);
    const maxima = isTiled(geometry)
      ? maximaOfTiles(call.graph, arrange(call.graph, x, NCHW), geometry)
      : maxPool(call.graph, x, geometry).maxima;
    return view(maxima, geometry.outShape, NHWC_IN_NCHW);
  },
  MaxPoolGrad: (call) => {
    const x = input(call, 'input');
    return maxPoolGrad(call.graph, input(call, 'dy'), x, geometryOf(call, x.shape));
  },
  MaxPoolWithArgmax: (call) => {
    const { graph, attrs } = call;
    const x = input(call, 'x');
    const geometry = geometryOf(call, x.shape);
    const { maxima, winners } = maxPool(graph, x, geometry);
    const inBatch = attrs.includeBatchInIndex === true;
    return [
      view(maxima, geometry.outShape, NHWC_IN_NCHW),
      positionsInNhwc(graph, winners, geometry, inBatch),
    ];
  },
};
