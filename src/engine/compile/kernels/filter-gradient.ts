import type { Edge, Graph } from '../graph.ts';
import type { Attributes } from '../onnx-writer.ts';
import { arrange, plain, reshapeEdge, sizeOf, type Value, view } from '../value.ts';
import { DEEP, type Geometry, padded, type Shape4D, THIN } from './convolution-geometry.ts';
import { CNHW, joined, NHWC, readByTaps } from './taps.ts';

/** dW of a convolution, [...filter]; the runtime has no operation for it. */
export function filterGradient(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { batchSize, inChannels, outWidth } = geometry;
  // Measured: products of what the taps read take half the time of a swept convolution.
  const isByTaps = batchSize > 1 && (inChannels >= THIN || outWidth >= THIN);
  if (!isByTaps) return filterBySwappedAxes(graph, x, dy, geometry);
  return inChannels < THIN
    ? filterByColumns(graph, x, dy, geometry)
    : filterByTaps(graph, x, dy, geometry);
}

/**
 * dW tap by tap: what a tap reads of every image times dy at the same places, [I, N·H·W]·[N·H·W, O]. The
 * products lie one behind the other as the filter does. Of many channels those of one place lie together,
 * so that a tap reads long stretches (measured: a sixth of the time); of few, the places of one channel,
 * so that the product is fast.
 */
function filterByTaps(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { inChannels, outChannels, filterShape } = geometry;
  const isDeep = inChannels >= DEEP;
  const order = isDeep ? NHWC : CNHW;
  const slopes = matrix(graph, arrange(graph, dy, order), outChannels, isDeep);
  const products = readByTaps(graph, x, order, geometry).map((read) => {
    const inputs = [matrix(graph, read, inChannels, isDeep), slopes];
    const output = { type: 'float32' as const, shape: [inChannels, outChannels] };
    return graph.add('Gemm', inputs, output, isDeep ? { transA: 1 } : { transB: 1 });
  });
  return plain(reshapeEdge(graph, joined(graph, products, 0), filterShape));
}

/** The same of few channels, in one product of what all taps read. */
function filterByColumns(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { outChannels, filterShape } = geometry;
  const read = joined(graph, readByTaps(graph, x, CNHW, geometry), 0);
  const rows = read.shape[0] as number;
  const slopes = matrix(graph, arrange(graph, dy, CNHW), outChannels, false);
  const inputs = [matrix(graph, read, rows, false), slopes];
  const output = { type: 'float32' as const, shape: [rows, outChannels] };
  const product = graph.add('Gemm', inputs, output, { transB: 1 });
  return plain(reshapeEdge(graph, product, filterShape));
}

/** Images as [channels, places], or [places, channels]. */
function matrix(graph: Graph, images: Edge, channels: number, isTurned: boolean): Edge {
  const places = sizeOf(images.shape) / channels;
  return reshapeEdge(graph, images, isTurned ? [places, channels] : [channels, places]);
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
