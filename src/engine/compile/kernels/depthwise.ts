import type { Graph } from '../graph.ts';
import { arrange, permute, range, reshapeEdge, type Value, view } from '../value.ts';
import { leftOver } from './convolution.ts';
import {
  type Geometry,
  geometryOf,
  NCHW,
  NHWC_IN_NCHW,
  onnxPads,
  window,
} from './convolution-geometry.ts';
import { sweep } from './filter-gradient.ts';
import { input, type KernelTable } from './kernel.ts';

/** Filters [height, width, channels, multiplier] as ONNX's grouped ones, [channels·multiplier, 1, height, width]. */
function groupedFilter(graph: Graph, filter: Value, geometry: Geometry) {
  const { filterHeight, filterWidth, outChannels } = geometry;
  const edge = arrange(graph, filter, [2, 3, 0, 1]);
  return reshapeEdge(graph, edge, [outChannels, 1, filterHeight, filterWidth]);
}

/** Every channel with filters of its own. */
function depthwise(graph: Graph, x: Value, filter: Value, geometry: Geometry): Value {
  const { batchSize, inChannels, outChannels, outHeight, outWidth } = geometry;
  const edge = graph.add(
    'Conv',
    [arrange(graph, x, NCHW), groupedFilter(graph, filter, geometry)],
    { type: 'float32', shape: [batchSize, outChannels, outHeight, outWidth] },
    { ...window(geometry), pads: onnxPads(geometry.padInfo), group: inChannels },
  );
  return view(edge, geometry.outShape, NHWC_IN_NCHW);
}

/** dx: the transposed convolution, channel by channel. */
function backpropInput(graph: Graph, dy: Value, filter: Value, geometry: Geometry): Value {
  const { batchSize, inChannels, inHeight, inWidth } = geometry;
  const edge = graph.add(
    'ConvTranspose',
    [arrange(graph, dy, NCHW), groupedFilter(graph, filter, geometry)],
    { type: 'float32', shape: [batchSize, inChannels, inHeight, inWidth] },
    {
      ...window(geometry),
      pads: onnxPads(geometry.padInfo),
      output_padding: leftOver(geometry),
      group: inChannels,
    },
  );
  return view(edge, geometry.inShape, NHWC_IN_NCHW);
}

/**
 * dW: for each channel the convolution of x with dy, the batch in the role of the channels, strides
 * and dilations exchanged.
 */
function backpropFilter(graph: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { batchSize, inChannels, outChannels, inHeight, inWidth, outHeight, outWidth } = geometry;
  const images = reshapeEdge(graph, arrange(graph, x, [3, 0, 1, 2]), [
    1,
    inChannels * batchSize,
    inHeight,
    inWidth,
  ]);
  const slopes = reshapeEdge(graph, arrange(graph, dy, [3, 0, 1, 2]), [
    outChannels,
    batchSize,
    outHeight,
    outWidth,
  ]);
  const shape = [1, outChannels];
  const taps = sweep(graph, images, slopes, shape, onnxPads(geometry.padInfo), geometry, {
    group: inChannels,
  });
  const { filterHeight, filterWidth } = geometry;
  const multiplier = outChannels / inChannels;
  const split = reshapeEdge(graph, taps, [inChannels, multiplier, filterHeight, filterWidth]);
  return permute(view(split, split.shape, range(4)), [2, 3, 0, 1]);
}

export const depthwiseKernels: KernelTable = {
  DepthwiseConv2dNative: (call) => {
    const [x, filter] = [input(call, 'x'), input(call, 'filter')];
    const geometry = geometryOf(call, x.shape, filter.shape, true);
    return depthwise(call.graph, x, filter, geometry);
  },
  DepthwiseConv2dNativeBackpropInput: (call) => {
    const [dy, filter] = [input(call, 'dy'), input(call, 'filter')];
    const geometry = geometryOf(call, call.attrs.inputShape as number[], filter.shape, true);
    return backpropInput(call.graph, dy, filter, geometry);
  },
  DepthwiseConv2dNativeBackpropFilter: (call) => {
    const [x, dy] = [input(call, 'x'), input(call, 'dy')];
    const geometry = geometryOf(call, x.shape, call.attrs.filterShape as number[], true);
    return backpropFilter(call.graph, x, dy, geometry);
  },
};
