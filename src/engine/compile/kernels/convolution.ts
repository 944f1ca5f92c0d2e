import { backend_util } from '@tensorflow/tfjs-core';
import type { Edge, Graph } from '../graph.ts';
import type { Attributes } from '../onnx-writer.ts';
import { arrange, plain, range, reshapeEdge, sizeOf, type Value, view } from '../value.ts';
import { input, type KernelCall, type KernelTable, UnsupportedCall } from './kernel.ts';

type Shape4D = [number, number, number, number];
export type Geometry = backend_util.Conv2DInfo;

/** tfjs axes in ONNX's order: images are NHWC and NCHW, filters HWIO and OIHW. */
export const NCHW = [0, 3, 1, 2];
const OIHW = [3, 2, 0, 1];
const CNHW = [3, 0, 1, 2];
/** Where an NCHW edge holds the NHWC axes. */
export const NHWC_IN_NCHW = [0, 2, 3, 1];

export function geometryOf(
  call: KernelCall,
  xShape: readonly number[],
  filterShape: readonly number[],
  depthwise = false,
): Geometry {
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = call.attrs;
  if (dataFormat !== undefined && dataFormat !== 'NHWC')
    throw new UnsupportedCall(`images are NHWC here, not ${dataFormat}`);
  return backend_util.computeConv2DInfo(
    [...xShape] as Shape4D,
    [...filterShape] as Shape4D,
    strides as [number, number],
    (dilations ?? 1) as number,
    pad as 'valid',
    dimRoundingMode as 'floor',
    depthwise,
  );
}

export const onnxPads = ({ top, left, bottom, right }: Geometry['padInfo']): number[] => [
  top,
  left,
  bottom,
  right,
];

export const window = (geometry: Geometry): Attributes => ({
  strides: [geometry.strideHeight, geometry.strideWidth],
  dilations: [geometry.dilationHeight, geometry.dilationWidth],
});

/**
 * Images laid out in `order`, with the zeros around them as numbers: those of the convolution, and
 * those of an explicit padding before it, which then costs no operation of its own.
 */
function padded(
  graph: Graph,
  x: Value,
  order: readonly number[],
  padInfo: Geometry['padInfo'],
): { edge: Edge; pads: number[] } {
  const pads = onnxPads(padInfo);
  const before = graph.producer(x.edge);
  const [source, amounts, value] = before?.inputs ?? [];
  const isZero =
    before?.op === 'Pad' && value?.constant?.length === 1 && !Number(value.constant[0]);
  if (!isZero || !source || !amounts?.constant) return { edge: arrange(graph, x, order), pads };
  const rank = source.shape.length;
  const around = Array.from(amounts.constant, Number);
  const [high, wide] = [x.axes[1] as number, x.axes[2] as number];
  const sides = [high, wide, rank + high, rank + wide];
  const isAround = around.every((pad, at) => pad === 0 || (pad > 0 && sides.includes(at)));
  if (high < 0 || wide < 0 || !isAround) return { edge: arrange(graph, x, order), pads };
  const shape = x.shape.with(1, source.shape[high] as number).with(2, source.shape[wide] as number);
  return {
    edge: arrange(graph, view(source, shape, x.axes), order),
    pads: pads.map((pad, at) => pad + (around[sides[at] as number] as number)),
  };
}

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
  const { batchSize, outChannels, outHeight, outWidth } = geometry;
  const shape = [batchSize, outChannels, outHeight, outWidth];
  const { edge: images, pads } = padded(graph, x, NCHW, geometry.padInfo);
  const inputs = [images, arrange(graph, filter, OIHW)];
  const edge = graph.add('Conv', inputs, { type: 'float32', shape }, { ...window(geometry), pads });
  return view(edge, geometry.outShape, NHWC_IN_NCHW);
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
  const { batchSize, inChannels, inHeight, inWidth, filterHeight, filterWidth } = geometry;
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
  const { top, left, bottom, right } = geometry.padInfo;
  const [high, wide] = [filterHeight - 1, filterWidth - 1];
  const edge = graph.add(
    'Conv',
    [arrange(graph, dy, NCHW), arrange(graph, plain(turned), [2, 3, 0, 1])],
    { type: 'float32', shape: [batchSize, inChannels, inHeight, inWidth] },
    { pads: [high - top, wide - left, high - bottom, wide - right] },
  );
  return view(edge, geometry.inShape, NHWC_IN_NCHW);
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
function backpropFilter(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  if (coversInput(geometry)) return filterOfProduct(graph, x, dy, geometry);
  // Measured: one product per tap is half the work of a swept convolution, unless it is thin.
  return geometry.batchSize === 1 || geometry.inChannels < THIN
    ? filterBySwappedAxes(graph, x, dy, geometry)
    : filterTapByTap(graph, x, dy, geometry);
}

const THIN = 16;

/**
 * dW tap by tap: what a tap reads of every image, [I, N·H·W], times dy, [O, N·H·W] transposed. The
 * products lie one behind the other as the filter does.
 */
function filterTapByTap(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { batchSize, inChannels, outChannels, outHeight, outWidth, filterShape } = geometry;
  const { edge: images, pads } = padded(graph, x, CNHW, geometry.padInfo);
  const around = zerosAround(graph, images, pads);
  const places = batchSize * outHeight * outWidth;
  const slopes = reshapeEdge(graph, arrange(graph, dy, CNHW), [outChannels, places]);
  const products = range(geometry.filterHeight).flatMap((row) =>
    range(geometry.filterWidth).map((column) => {
      const read = window2D(graph, around, geometry, row, column);
      const inputs = [reshapeEdge(graph, read, [inChannels, places]), slopes];
      const shape = [inChannels, outChannels];
      return graph.add('Gemm', inputs, { type: 'float32', shape }, { transB: 1 });
    }),
  );
  const shape = [products.length * inChannels, outChannels];
  const [only] = products;
  const joined =
    products.length === 1
      ? (only as Edge)
      : graph.add('Concat', products, { type: 'float32', shape }, { axis: 0 });
  return plain(reshapeEdge(graph, joined, filterShape));
}

/** Images [I, N, H, W] with zeros around each. */
function zerosAround(graph: Graph, images: Edge, pads: readonly number[]): Edge {
  const [top, left, bottom, right] = pads as Shape4D;
  if (pads.every((pad) => pad === 0)) return images;
  const [channels, batch, height, width] = images.shape as Shape4D;
  const shape = [channels, batch, height + top + bottom, width + left + right];
  const amounts = graph.int64([0, 0, top, left, 0, 0, bottom, right]);
  return graph.add('Pad', [images, amounts], { type: 'float32', shape }, { mode: 'constant' });
}

/** What one tap of the filter reads of images [I, N, H, W], at every place of the output. */
function window2D(graph: Graph, images: Edge, geometry: Geometry, row: number, column: number) {
  const { outHeight, outWidth, strideHeight, strideWidth } = geometry;
  const [channels, batch, height, width] = images.shape as Shape4D;
  if (height === outHeight && width === outWidth && strideHeight * strideWidth === 1) return images;
  const [top, left] = [row * geometry.dilationHeight, column * geometry.dilationWidth];
  const ends = [top + (outHeight - 1) * strideHeight + 1, left + (outWidth - 1) * strideWidth + 1];
  return graph.add(
    'Slice',
    [
      images,
      graph.int64([top, left]),
      graph.int64(ends),
      graph.int64([2, 3]),
      graph.int64([strideHeight, strideWidth]),
    ],
    { type: 'float32', shape: [channels, batch, outHeight, outWidth] },
  );
}

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

/**
 * dW as the convolution of x with dy, where input channels play the batch and the batch plays the
 * input channels; strides and dilations change places.
 */
function filterBySwappedAxes(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { inChannels, outChannels } = geometry;
  const { edge: images, pads } = padded(graph, x, CNHW, geometry.padInfo);
  const slopes = arrange(graph, dy, CNHW);
  const edge = sweep(graph, images, slopes, [inChannels, outChannels], pads, geometry);
  return view(edge, geometry.filterShape, [2, 3, 0, 1]);
}

/**
 * Convolves images with slopes in the role of the filters: one number per tap of the real filter,
 * [...lead, filterHeight, filterWidth].
 */
export function sweep(
  graph: Graph,
  images: Edge,
  slopes: Edge,
  lead: readonly number[],
  pads: readonly number[],
  geometry: Geometry,
  attributes: Attributes = {},
): Edge {
  const { filterHeight, filterWidth } = geometry;
  const [, , imageHeight, imageWidth] = images.shape as Shape4D;
  const [top, left, bottom, right] = pads as Shape4D;
  const rows = reach(
    imageHeight + top,
    bottom,
    (geometry.outHeight - 1) * geometry.strideHeight,
    filterHeight,
    geometry.dilationHeight,
  );
  const columns = reach(
    imageWidth + left,
    right,
    (geometry.outWidth - 1) * geometry.strideWidth,
    filterWidth,
    geometry.dilationWidth,
  );
  const full = graph.add(
    'Conv',
    [images, slopes],
    { type: 'float32', shape: [...lead, rows.taps, columns.taps] },
    {
      strides: [geometry.dilationHeight, geometry.dilationWidth],
      dilations: [geometry.strideHeight, geometry.strideWidth],
      pads: [top, left, rows.pad, columns.pad],
      ...attributes,
    },
  );
  if (rows.taps === filterHeight && columns.taps === filterWidth) return full;
  return graph.add(
    'Slice',
    [full, graph.int64([0, 0]), graph.int64([filterHeight, filterWidth]), graph.int64([2, 3])],
    { type: 'float32', shape: [...lead, filterHeight, filterWidth] },
  );
}

/**
 * Input that no window reaches gives taps beyond the filter: as much of it as is padding after the
 * input is left out. Returns the padding kept and the taps it gives.
 */
function reach(
  length: number,
  after: number,
  span: number,
  filter: number,
  dilation: number,
): { pad: number; taps: number } {
  const beyond = length + after - (span + (filter - 1) * dilation + 1);
  const pad = after - Math.min(after, beyond);
  return { pad, taps: Math.floor((length + pad - span - 1) / dilation) + 1 };
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
