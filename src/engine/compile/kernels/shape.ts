import { backend_util, slice_util } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph.ts';
import {
  arrange,
  elementType,
  fullOrder,
  permute,
  plain,
  positions,
  range,
  reshape,
  sizeOf,
  solid,
  splat,
  stretch,
  type Value,
  view,
} from '../value.ts';
import {
  axesOf,
  input,
  inputList,
  type Kernel,
  type KernelTable,
  UnsupportedCall,
} from './kernel.ts';

/** The part of `x` from `begin` (steps apart), per axis; repeated axes are not carried out. */
export function slice(
  graph: Graph,
  x: Value,
  begin: readonly number[],
  size: readonly number[],
  steps: readonly number[] = x.shape.map(() => 1),
): Value {
  const cut = range(x.shape.length).filter(
    (axis) => (x.axes[axis] as number) >= 0 && (size[axis] !== x.shape[axis] || steps[axis] !== 1),
  );
  if (cut.length === 0) return { ...x, shape: size };
  const cropped = cropTransposedConvolution(graph, x, begin, size, steps, cut);
  if (cropped) return cropped;
  const laidOut = [...x.edge.shape];
  for (const axis of cut) laidOut[x.axes[axis] as number] = size[axis] as number;
  const ends = cut.map((axis) => {
    const step = steps[axis] as number;
    const end = (begin[axis] as number) + ((size[axis] as number) - 1) * step + Math.sign(step);
    // Backwards past the first element; -1 would mean the last.
    return end < 0 ? -(2 ** 31) : end;
  });
  const edge = graph.add(
    'Slice',
    [
      x.edge,
      graph.int64(cut.map((axis) => begin[axis] as number)),
      graph.int64(ends),
      graph.int64(cut.map((axis) => x.axes[axis] as number)),
      graph.int64(cut.map((axis) => steps[axis] as number)),
    ],
    { type: x.edge.type, shape: laidOut },
  );
  return view(edge, size, x.axes);
}

/**
 * Cutting the border off a transposed convolution (the gradient of an explicit padding) is padding
 * of that convolution.
 */
function cropTransposedConvolution(
  graph: Graph,
  x: Value,
  begin: readonly number[],
  size: readonly number[],
  steps: readonly number[],
  cut: readonly number[],
): Value | undefined {
  const source = graph.producer(x.edge);
  const held = (axis: number) => x.axes[axis] as number;
  if (source?.op !== 'ConvTranspose' || cut.some((axis) => held(axis) < 2 || steps[axis] !== 1))
    return undefined;
  const pads = [...(source.attributes.pads as number[])];
  const laidOut = [...x.edge.shape];
  for (const axis of cut) {
    const [from, length] = [begin[axis] as number, size[axis] as number];
    const side = held(axis) - 2;
    pads[side] = (pads[side] as number) + from;
    pads[side + 2] = (pads[side + 2] as number) + (x.shape[axis] as number) - from - length;
    laidOut[held(axis)] = length;
  }
  const output = { type: x.edge.type, shape: laidOut };
  const edge = graph.add('ConvTranspose', source.inputs, output, { ...source.attributes, pads });
  return view(edge, size, x.axes);
}

/** Inserts an axis of length one. */
export function expandAxis(x: Value, at: number): Value {
  return { edge: x.edge, shape: x.shape.toSpliced(at, 0, 1), axes: x.axes.toSpliced(at, 0, -1) };
}

/** Joins along an axis, in the memory order of the largest part. */
export function concat(graph: Graph, parts: readonly Value[], axis: number): Value {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const shape = [...(only as Value).shape];
  shape[axis] = parts.reduce((total, part) => total + (part.shape[axis] as number), 0);
  const main = parts.reduce((a, b) => (sizeOf(b.edge.shape) > sizeOf(a.edge.shape) ? b : a));
  const order = fullOrder(main);
  const edges = parts.map((part) => arrange(graph, part, order));
  const laidOut = order.map((at) => shape[at] as number);
  const type = main.edge.type;
  const along = order.indexOf(axis);
  return view(
    graph.add('Concat', edges, { type, shape: laidOut }, { axis: along }),
    shape,
    positions(order),
  );
}

/** Pads every axis by [before, after], with a constant or mirrored. */
function pad(
  graph: Graph,
  x: Value,
  paddings: readonly (readonly [number, number])[],
  fill: { value: number } | 'reflect',
): Value {
  if (paddings.every(([before, after]) => before + after === 0)) return x;
  const order = fullOrder(x);
  const edge = arrange(graph, x, order);
  const shape = x.shape.map((length, axis) => {
    const [before, after] = paddings[axis] as readonly [number, number];
    return before + length + after;
  });
  const pads = [0, 1].flatMap((side) =>
    order.map((axis) => (paddings[axis] as readonly [number, number])[side] as number),
  );
  const inputs = [edge, graph.int64(pads)];
  if (fill !== 'reflect')
    inputs.push(graph.scalar(edge.type === 'int32' ? 'int32' : 'float32', fill.value));
  const output = { type: edge.type, shape: order.map((axis) => shape[axis] as number) };
  const mode = fill === 'reflect' ? 'reflect' : 'constant';
  return view(graph.add('Pad', inputs, output, { mode }), shape, positions(order));
}

/** Repeats along axes; an axis of length one at no cost. */
function tile(graph: Graph, x: Value, repetitions: readonly number[]): Value {
  const shape = x.shape.map((length, axis) => length * (repetitions[axis] as number));
  const isFree = range(x.shape.length).every(
    (axis) => repetitions[axis] === 1 || (x.axes[axis] as number) < 0,
  );
  if (isFree) return { ...x, shape };
  const whole = solid(graph, x);
  const repeats = whole.edge.shape.map((_, held) => {
    const axis = whole.axes.indexOf(held);
    return axis < 0 ? 1 : (repetitions[axis] as number);
  });
  const laidOut = whole.edge.shape.map((length, at) => length * (repeats[at] as number));
  const output = { type: x.edge.type, shape: laidOut };
  const edge = graph.add('Tile', [whole.edge, graph.int64(repeats)], output);
  return { edge, shape, axes: whole.axes };
}

const identity =
  (name: string): Kernel =>
  (call) =>
    input(call, name);

const filled =
  (value: number): Kernel =>
  (call) => {
    const { edge, shape } = input(call, 'x');
    const type = edge.type === 'float32' ? 'float32' : 'int32';
    return splat(call.graph.scalar(type, value), shape);
  };

export const shapeKernels: KernelTable = {
  Identity: identity('x'),
  Reshape: (call) => {
    const x = input(call, 'x');
    const shape = [...(call.attrs.shape as number[])];
    const unknown = shape.indexOf(-1);
    if (unknown >= 0) shape[unknown] = -sizeOf(x.shape) / sizeOf(shape);
    return reshape(call.graph, x, shape);
  },
  ExpandDims: (call) => {
    const x = input(call, 'input');
    const dim = call.attrs.dim as number;
    return expandAxis(x, dim < 0 ? x.shape.length + dim + 1 : dim);
  },
  Transpose: (call) => permute(input(call, 'x'), call.attrs.perm as number[]),
  BroadcastTo: (call) => stretch(input(call, 'x'), call.attrs.shape as number[]),
  Tile: (call) => tile(call.graph, input(call, 'x'), call.attrs.reps as number[]),
  Slice: (call) => {
    const x = input(call, 'x');
    const { begin, size } = call.attrs as { begin: number[]; size: number[] };
    const [from, lengths] = slice_util.parseSliceParams(
      { shape: [...x.shape], dtype: 'float32', dataId: {} },
      begin,
      size,
    ) as [number[], number[]];
    return slice(call.graph, x, from, lengths);
  },
  StridedSlice: (call) => {
    const x = input(call, 'x');
    const { begin, end, strides, ...masks } = call.attrs as Record<string, number[]> &
      Record<`${'begin' | 'end' | 'ellipsis' | 'newAxis' | 'shrinkAxis'}Mask`, number>;
    const info = slice_util.sliceInfo(
      [...x.shape],
      begin as number[],
      end as number[],
      strides as number[],
      masks.beginMask,
      masks.endMask,
      masks.ellipsisMask,
      masks.newAxisMask,
      masks.shrinkAxisMask,
    );
    const size = slice_util.computeOutShape(info.begin, info.end, info.strides);
    const part = slice(call.graph, x, info.begin, size, info.strides);
    return reshape(call.graph, part, info.finalShape);
  },
  Concat: (call) => {
    const parts = inputList(call);
    const [axis] = axesOf(call.attrs.axis, (parts[0] as Value).shape.length) as [number];
    const filledParts = parts.filter((part) => sizeOf(part.shape) > 0);
    return concat(call.graph, filledParts.length > 0 ? filledParts : parts.slice(0, 1), axis);
  },
  Pack: (call) => {
    const parts = inputList(call);
    const rank = (parts[0] as Value).shape.length + 1;
    const [axis] = axesOf(call.attrs.axis, rank) as [number];
    return concat(
      call.graph,
      parts.map((part) => expandAxis(part, axis)),
      axis,
    );
  },
  Unpack: (call) => {
    const x = input(call, 'value');
    const [axis] = axesOf(call.attrs.axis, x.shape.length) as [number];
    return range(x.shape[axis] as number).map((at) => {
      const begin = x.shape.map((_, other) => (other === axis ? at : 0));
      const part = slice(call.graph, x, begin, x.shape.with(axis, 1));
      return reshape(call.graph, part, x.shape.toSpliced(axis, 1));
    });
  },
  SplitV: (call) => {
    const x = input(call, 'x');
    const [axis] = axesOf(call.attrs.axis, x.shape.length) as [number];
    const sizes = backend_util.prepareSplitSize(
      { shape: [...x.shape] } as Parameters<typeof backend_util.prepareSplitSize>[0],
      call.attrs.numOrSizeSplits as number[],
      axis,
    );
    let at = 0;
    return sizes.map((size) => {
      const begin = x.shape.map((_, other) => (other === axis ? at : 0));
      at += size;
      return slice(call.graph, x, begin, x.shape.with(axis, size));
    });
  },
  Reverse: (call) => {
    const x = solid(call.graph, input(call, 'x'));
    const reversed = axesOf(call.attrs.dims, x.shape.length);
    const begin = x.shape.map((length, axis) => (reversed.includes(axis) ? length - 1 : 0));
    const steps = x.shape.map((_, axis) => (reversed.includes(axis) ? -1 : 1));
    return slice(call.graph, x, begin, x.shape, steps);
  },
  PadV2: (call) => {
    const value = call.attrs.constantValue as number;
    return pad(call.graph, input(call, 'x'), call.attrs.paddings as [number, number][], { value });
  },
  MirrorPad: (call) => {
    if (call.attrs.mode !== 'reflect')
      throw new UnsupportedCall(`mirror padding of mode ${call.attrs.mode} is not known`);
    return pad(call.graph, input(call, 'x'), call.attrs.paddings as [number, number][], 'reflect');
  },

  ZerosLike: filled(0),
  OnesLike: filled(1),
  Fill: (call) => {
    const { shape, value, dtype } = call.attrs as { shape: number[]; value: number; dtype: string };
    const type = elementType(dtype ?? 'float32') === 'int32' ? 'int32' : 'float32';
    return splat(call.graph.scalar(type, value), shape);
  },
  LinSpace: (call) => {
    const { start, stop, num } = call.attrs as Record<'start' | 'stop' | 'num', number>;
    const step = (stop - start) / Math.max(1, num - 1);
    const numbers = Float32Array.from({ length: num }, (_, at) => start + at * step);
    return plain(call.graph.constant('float32', [num], numbers));
  },
  Range: (call) => {
    const { start, stop, step, dtype } = call.attrs as Record<string, number>;
    const length = Math.max(
      0,
      Math.ceil(((stop as number) - (start as number)) / (step as number)),
    );
    const numbers = range(length).map((at) => (start as number) + at * (step as number));
    const isInteger = String(dtype) === 'int32';
    const data = isInteger ? Int32Array.from(numbers) : Float32Array.from(numbers);
    return plain(call.graph.constant(isInteger ? 'int32' : 'float32', [length], data));
  },
};
