import type { Graph } from '../graph.ts';
import {
  arrange,
  fullOrder,
  isStretched,
  positions,
  range,
  reshapeEdge,
  sizeOf,
  solid,
  splat,
  type Value,
  view,
} from '../value.ts';
import { cast, elementwise, unary } from './elementwise.ts';
import { axesOf, input, type Kernel, type KernelCall, type KernelTable } from './kernel.ts';

type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd';

/**
 * Reduces over the axes as they lie in memory. Reduced axes stay with length one, so that the
 * result broadcasts against its operand as it is; a reduction to one number has no axes.
 */
function reduceHeld(graph: Graph, op: Reduction, x: Value, axes: readonly number[]): Value {
  const kept = range(x.shape.length).filter((axis) => !axes.includes(axis));
  const shape = kept.map((axis) => x.shape[axis] as number);
  const held = axes.map((axis) => x.axes[axis] as number).filter((axis) => axis >= 0);
  const keptAxes = kept.map((axis) => x.axes[axis] as number);
  if (held.length === 0) return { edge: x.edge, shape, axes: keptAxes };
  const type = x.edge.type;
  if (keptAxes.every((axis) => axis < 0)) {
    const all = graph.int64(range(x.edge.shape.length));
    const output = { type, shape: [] };
    return splat(graph.add(op, [x.edge, all], output, { keepdims: 0 }), shape);
  }
  const reduced = x.edge.shape.map((length, axis) => (held.includes(axis) ? 1 : length));
  const over = graph.int64([...held].sort((a, b) => a - b));
  const edge = graph.add(op, [x.edge, over], { type, shape: reduced }, { keepdims: 1 });
  return { edge, shape, axes: keptAxes };
}

/** tfjs's keepDims: reduced axes stay, with length one. */
function keepDims(call: KernelCall, reduced: Value, axes: readonly number[]): Value {
  if (!call.attrs.keepDims) return reduced;
  let next = 0;
  const source = range(reduced.shape.length + axes.length).map((axis) =>
    axes.includes(axis) ? -1 : next++,
  );
  return {
    edge: reduced.edge,
    shape: source.map((at) => (at < 0 ? 1 : (reduced.shape[at] as number))),
    axes: source.map((at) => (at < 0 ? -1 : (reduced.axes[at] as number))),
  };
}

/** How often each number is repeated along `axes`. */
const repeats = (x: Value, axes: readonly number[]): number =>
  sizeOf(axes.filter((axis) => isStretched(x, axis)).map((axis) => x.shape[axis] as number));

export function sum(graph: Graph, x: Value, axes: readonly number[]): Value {
  const total = reduceHeld(graph, 'ReduceSum', x, axes);
  const times = repeats(x, axes);
  if (times === 1) return total;
  const factor = splat(graph.scalar(x.edge.type === 'int32' ? 'int32' : 'float32', times), []);
  return elementwise(graph, 'Mul', [total, factor], x.edge.type);
}

const reduction =
  (op: Reduction, attribute: string): Kernel =>
  (call) => {
    const x = input(call, 'x');
    const axes = axesOf(call.attrs[attribute], x.shape.length);
    return keepDims(call, reduceHeld(call.graph, op, x, axes), axes);
  };

/** All and Any: on numbers, as a minimum or a maximum. */
const logical =
  (op: Reduction): Kernel =>
  (call) => {
    const x = input(call, 'x');
    const axes = axesOf(call.attrs.axis, x.shape.length);
    const reduced = reduceHeld(call.graph, op, cast(call.graph, x, 'int32'), axes);
    return keepDims(call, cast(call.graph, reduced, 'bool'), axes);
  };

const arg =
  (op: 'ArgMax' | 'ArgMin'): Kernel =>
  (call) => {
    const { graph } = call;
    const x = input(call, 'x');
    const [axis] = axesOf(call.attrs.axis, x.shape.length) as [number];
    const shape = x.shape.filter((_, at) => at !== axis);
    const held = x.axes[axis] as number;
    if (held < 0) return splat(graph.scalar('int32', 0), shape);
    const laidOut = x.edge.shape.map((length, at) => (at === held ? 1 : length));
    const edge = graph.add(
      op,
      [x.edge],
      { type: 'int64', shape: laidOut },
      { axis: held, keepdims: 1 },
    );
    const axes = x.axes.filter((_, at) => at !== axis);
    return cast(graph, { edge, shape, axes }, 'int32');
  };

/** Softmax and LogSoftmax over the last tfjs axis, wherever it lies. */
const softmax =
  (op: 'Softmax' | 'LogSoftmax', name: string, attribute: string): Kernel =>
  (call) => {
    const { graph } = call;
    const given = input(call, name);
    const rank = given.shape.length;
    const [axis] = axesOf(call.attrs[attribute] ?? -1, rank) as [number];
    const x = isStretched(given, axis) ? solid(graph, given) : given;
    const held = x.axes[axis] as number;
    if (held < 0) return splat(graph.scalar('float32', op === 'Softmax' ? 1 : 0), x.shape);
    return unary(graph, op, x, 'float32', { axis: held });
  };

export const reductionKernels: KernelTable = {
  Sum: (call) => {
    const x = input(call, 'x');
    const numbers = x.edge.type === 'bool' ? cast(call.graph, x, 'int32') : x;
    const axes = axesOf(call.attrs.axis, x.shape.length);
    return keepDims(call, sum(call.graph, numbers, axes), axes);
  },
  Mean: (call) => {
    const x = cast(call.graph, input(call, 'x'), 'float32');
    const axes = axesOf(call.attrs.axis, x.shape.length);
    return keepDims(call, reduceHeld(call.graph, 'ReduceMean', x, axes), axes);
  },
  Max: reduction('ReduceMax', 'reductionIndices'),
  Min: reduction('ReduceMin', 'axis'),
  Prod: (call) => {
    const x = solid(call.graph, input(call, 'x'));
    const axes = axesOf(call.attrs.axis, x.shape.length);
    return keepDims(call, reduceHeld(call.graph, 'ReduceProd', x, axes), axes);
  },
  All: logical('ReduceMin'),
  Any: logical('ReduceMax'),
  ArgMax: arg('ArgMax'),
  ArgMin: arg('ArgMin'),
  Softmax: softmax('Softmax', 'logits', 'dim'),
  LogSoftmax: softmax('LogSoftmax', 'logits', 'axis'),
  Cumsum: (call) => {
    const { graph } = call;
    const x = input(call, 'x');
    const [axis] = axesOf(call.attrs.axis, x.shape.length) as [number];
    const order = fullOrder(x);
    const edge = arrange(graph, x, order);
    const along = reshapeEdge(graph, graph.int64([order.indexOf(axis)]), []);
    const summed = graph.add(
      'CumSum',
      [edge, along],
      { type: edge.type, shape: edge.shape },
      { exclusive: call.attrs.exclusive ? 1 : 0, reverse: call.attrs.reverse ? 1 : 0 },
    );
    return view(summed, x.shape, positions(order));
  },
};
