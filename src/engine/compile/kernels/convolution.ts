import { backend_util } from '@tensorflow/tfjs-core';
import type { Edge, Graph } from '../graph.ts';
import { arrange, plain, range, reshapeEdge, sizeOf, type Value, view } from '../value.ts';
import {
  DEEP,
  type Geometry,
  geometryOf,
  NCHW,
  NHWC_IN_NCHW,
  OIHW,
  onnxPads,
  padded,
  type Shape4D,
  THIN,
  window,
} from './convolution-geometry.ts';
import { filterGradient } from './filter-gradient.ts';
import { input, type KernelTable } from './kernel.ts';
import { joined, NHWC, readByTaps } from './taps.ts';

/** Whether the filter covers the whole input once, which makes the convolution a matrix product. */
const coversInput = ({ outHeight, outWidth, padInfo, inHeight, inWidth, ...rest }: Geometry) =>
  outHeight === 1 &&
  outWidth === 1 &&
  onnxPads(padInfo).every((pad) => pad === 0) &&
  rest.filterHeight === inHeight &&
  rest.filterWidth === inWidth;

/** y = conv(x, filter). */
function conv2D(graph: Graph, x: Value, filter: Value, geometry: Geometry): Value {
  if (coversInput(geometry)) return productOf(graph, x, filter, geometry);
  const { batchSize, inChannels, outChannels, outHeight, outWidth } = geometry;
  const isSmall = outHeight * outWidth <= SMALL && inChannels >= DEEP && batchSize > 1;
  if (isSmall) return byColumns(graph, x, filter, geometry);
  const shape = [batchSize, outChannels, outHeight, outWidth];
  const { edge: images, pads } = padded(graph, x, NCHW, geometry.padInfo);
  const inputs = [images, arrange(graph, filter, OIHW)];
  const edge = graph.add('Conv', inputs, { type: 'float32', shape }, { ...window(geometry), pads });
  return view(edge, geometry.outShape, NHWC_IN_NCHW);
}

/** So few places are better multiplied for the whole batch than image by image, in deep layers. */
const SMALL = 16;

/** y = what all taps read, [N·H·W, taps·I], times the filter as it lies, [taps·I, O]. */
function byColumns(graph: Graph, x: Value, filter: Value, geometry: Geometry): Value {
  const { batchSize, outHeight, outWidth, outChannels, filterShape } = geometry;
  const places = batchSize * outHeight * outWidth;
  const read = joined(graph, readByTaps(graph, x, NHWC, geometry), 3);
  const depth = sizeOf(filterShape) / outChannels;
  const inputs = [
    reshapeEdge(graph, read, [places, depth]),
    reshapeEdge(graph, arrange(graph, filter, range(4)), [depth, outChannels]),
  ];
  const product = graph.add('Gemm', inputs, {
    type: 'float32',
    shape: [places, outChannels],
  });
  return plain(reshapeEdge(graph, product, geometry.outShape));
}

/** Whether a convolution with the turned filter gives dx, and is the faster way (measured). */
const isTurnable = ({ padInfo, ...geometry }: Geometry): boolean =>
  geometry.strideHeight * geometry.strideWidth === 1 &&
  geometry.dilationHeight * geometry.dilationWidth === 1 &&
  Math.max(padInfo.top, padInfo.bottom) < geometry.filterHeight &&
  Math.max(padInfo.left, padInfo.right) < geometry.filterWidth &&
  geometry.batchSize > 1 &&
  geometry.inChannels >= THIN;

/** dx: the convolution of dy with the filter turned by 180°, its channel axes exchanged. */
function byTurnedFilter(graph: Graph, dy: Value, filter: Value, geometry: Geometry): Value {
  const { filterHeight, filterWidth, inChannels, outChannels } = geometry;
  const lying = arrange(graph, filter, range(4));
  const turned = graph.add(
    'Slice',
    // Height and width backwards, from the last to before the first.
    [
      lying,
      graph.int64([-1, -1]),
      graph.int64([-(2 ** 31), -(2 ** 31)]),
      graph.int64([0, 1]),
      graph.int64([-1, -1]),
    ],
    { type: 'float32', shape: lying.shape },
  );
  const shape = [filterHeight, filterWidth, outChannels, inChannels];
  const { top, left, bottom, right } = geometry.padInfo;
  const [high, wide] = [filterHeight - 1, filterWidth - 1];
  const backwards = backend_util.computeConv2DInfo(geometry.outShape, shape as Shape4D, 1, 1, [
    [0, 0],
    [high - top, high - bottom],
    [wide - left, wide - right],
    [0, 0],
  ]);
  return conv2D(graph, dy, view(turned, shape, [0, 1, 3, 2]), backwards);
}

/** What the last window leaves over of the input, down and across. */
export function leftOver(geometry: Geometry): number[] {
  const rest = (length: number, pads: number, filterLength: number, stride: number) =>
    (length + pads - filterLength) % stride;
  const { top, bottom, left, right } = geometry.padInfo;
  return [
    rest(geometry.inHeight, top + bottom, geometry.effectiveFilterHeight, geometry.strideHeight),
    rest(geometry.inWidth, left + right, geometry.effectiveFilterWidth, geometry.strideWidth),
  ];
}

/** dx: the transposed convolution of dy. */
function backpropInput(graph: Graph, dy: Value, filter: Value, geometry: Geometry): Value {
  if (coversInput(geometry)) return inputOfProduct(graph, dy, filter, geometry);
  if (isTurnable(geometry)) return byTurnedFilter(graph, dy, filter, geometry);
  const { batchSize, inChannels, inHeight, inWidth } = geometry;
  const shape = [batchSize, inChannels, inHeight, inWidth];
  const edge = graph.add(
    'ConvTranspose',
    [arrange(graph, dy, NCHW), arrange(graph, filter, OIHW)],
    { type: 'float32', shape },
    {
      ...window(geometry),
      pads: onnxPads(geometry.padInfo),
      output_padding: leftOver(geometry),
    },
  );
  return view(edge, geometry.inShape, NHWC_IN_NCHW);
}

/** dW. */
const backpropFilter = (graph: Graph, x: Value, dy: Value, geometry: Geometry): Value =>
  coversInput(geometry)
    ? filterOfProduct(graph, x, dy, geometry)
    : filterGradient(graph, x, dy, geometry);

/** Images and filters as the matrices whose product a covering convolution is. */
const flatImages = (graph: Graph, x: Value, { batchSize, inShape }: Geometry): Edge =>
  reshapeEdge(graph, arrange(graph, x, range(4)), [batchSize, sizeOf(inShape) / batchSize]);
const flatOutputs = (graph: Graph, dy: Value, { batchSize, outChannels }: Geometry): Edge =>
  reshapeEdge(graph, arrange(graph, dy, range(4)), [batchSize, outChannels]);
const flatFilter = (graph: Graph, filter: Value, { filterShape, outChannels }: Geometry): Edge =>
  reshapeEdge(graph, arrange(graph, filter, range(4)), [
    sizeOf(filterShape) / outChannels,
    outChannels,
  ]);

/** y = x·W, [N, H·W·I]·[H·W·I, O]. */
function productOf(graph: Graph, x: Value, filter: Value, geometry: Geometry): Value {
  const inputs = [flatImages(graph, x, geometry), flatFilter(graph, filter, geometry)];
  const shape = [geometry.batchSize, geometry.outChannels];
  const product = graph.add('Gemm', inputs, { type: 'float32', shape });
  return view(product, geometry.outShape, [0, -1, -1, 1]);
}

/** dx = dy·Wᵀ. */
function inputOfProduct(graph: Graph, dy: Value, filter: Value, geometry: Geometry): Value {
  const inputs = [flatOutputs(graph, dy, geometry), flatFilter(graph, filter, geometry)];
  const shape = [geometry.batchSize, sizeOf(geometry.inShape) / geometry.batchSize];
  const product = graph.add('Gemm', inputs, { type: 'float32', shape }, { transB: 1 });
  return plain(reshapeEdge(graph, product, geometry.inShape));
}

/** dW = xᵀ·dy. */
function filterOfProduct(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const inputs = [flatImages(graph, x, geometry), flatOutputs(graph, dy, geometry)];
  const shape = [sizeOf(geometry.inShape) / geometry.batchSize, geometry.outChannels];
  const product = graph.add('Gemm', inputs, { type: 'float32', shape }, { transA: 1 });
  return plain(reshapeEdge(graph, product, geometry.filterShape));
}

export const convolutionKernels: KernelTable = {
  Conv2D: (call) => {
    const [x, filter] = [input(call, 'x'), input(call, 'filter')];
    return conv2D(call.graph, x, filter, geometryOf(call, x.shape, filter.shape));
  },
  Conv2DBackpropInput: (call) => {
    const [dy, filter] = [input(call, 'dy'), input(call, 'filter')];
    const geometry = geometryOf(call, call.attrs.inputShape as number[], filter.shape);
    return backpropInput(call.graph, dy, filter, geometry);
  },
  Conv2DBackpropFilter: (call) => {
    const [x, dy] = [input(call, 'x'), input(call, 'dy')];
    const geometry = geometryOf(call, x.shape, call.attrs.filterShape as number[]);
    return backpropFilter(call.graph, x, dy, geometry);
  },
};
