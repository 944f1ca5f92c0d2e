import type { Edge, Graph } from './graph.ts';
import type { ElementType } from './onnx-writer.ts';

/**
 * A symbolic tensor: a view of an edge. tfjs's Transpose, the broadcast in `mul(dy, ones)` and the
 * insertion of axes of length one change only the view and cost no operation; an edge is laid out
 * anew only where an operation needs it so.
 */
export interface Value {
  readonly edge: Edge;
  /** As tfjs sees it. */
  readonly shape: readonly number[];
  /**
   * For each axis of `shape` the axis of the edge that holds it; -1 where the axis has length one or
   * repeats the same numbers (a broadcast not carried out). Edge axes that no entry names have
   * length one.
   */
  readonly axes: readonly number[];
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let at = 0; at < shape.length; at++) size *= shape[at] as number;
  return size;
}
export function range(length: number): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < length; at++) numbers.push(at);
  return numbers;
}

export function equal(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** A view of an edge; axes of length one are normalised to -1. */
export function view(edge: Edge, shape: readonly number[], axes: readonly number[]): Value {
  return { edge, shape, axes: axes.map((axis, at) => (shape[at] === 1 ? -1 : axis)) };
}

/** An edge that lies in memory as tfjs sees it. */
export const plain = (edge: Edge): Value => view(edge, edge.shape, range(edge.shape.length));

/** The same number everywhere. */
export const splat = (edge: Edge, shape: readonly number[]): Value => ({
  edge,
  shape,
  axes: shape.map(() => -1),
});

/** The number a value consists of, when it is one known number everywhere. */
export function knownSplat(value: Value): number | undefined {
  const { constant } = value.edge;
  return constant?.length === 1 ? Number(constant[0]) : undefined;
}

/** Whether an axis repeats the same numbers. */
export const isStretched = (value: Value, axis: number): boolean =>
  value.axes[axis] === -1 && value.shape[axis] !== 1;

export function reshapeEdge(graph: Graph, edge: Edge, shape: readonly number[]): Edge {
  if (equal(edge.shape, shape)) return edge;
  if (edge.constant) return graph.constant(edge.type, shape, edge.constant);
  return graph.add('Reshape', [edge, graph.int64(shape)], { type: edge.type, shape });
}

export function transposeEdge(graph: Graph, edge: Edge, permutation: readonly number[]): Edge {
  if (permutation.every((axis, at) => axis === at)) return edge;
  const shape = permutation.map((axis) => edge.shape[axis] as number);
  const merged = mergeNeighbours(edge.shape, permutation);
  const isReversal = merged.order.every((group, at) => group === merged.order.length - 1 - at);
  // Measured: on large tensors the runtime swaps two axes up to ten times faster than it moves more.
  if (!isReversal || merged.order.length > 3 || permutation.length < 3 || sizeOf(shape) < LARGE)
    return graph.add('Transpose', [edge], { type: edge.type, shape }, { perm: permutation });
  const [first, ...rest] = merged.lengths as [number, ...number[]];
  const rows = [first, sizeOf(rest)];
  const swapped =
    rest.length === 1 ? edge : swapLast(graph, reshapeEdge(graph, edge, merged.lengths));
  return reshapeEdge(graph, swapLast(graph, reshapeEdge(graph, swapped, rows)), shape);
}

const LARGE = 2 ** 14;

/** Exchanges the last two axes. */
function swapLast(graph: Graph, edge: Edge): Edge {
  const perm = range(edge.shape.length);
  perm.push(...perm.splice(-2).reverse());
  const shape = perm.map((axis) => edge.shape[axis] as number);
  return graph.add('Transpose', [edge], { type: edge.type, shape }, { perm });
}

/** Axes that stay together as one: their lengths, as they lie, and the order they are brought into. */
function mergeNeighbours(shape: readonly number[], permutation: readonly number[]) {
  const runs: number[][] = [];
  permutation.forEach((axis, at) => {
    if (at > 0 && axis === (permutation[at - 1] as number) + 1) runs.at(-1)?.push(axis);
    else runs.push([axis]);
  });
  const lying = runs.toSorted((a, b) => (a[0] as number) - (b[0] as number));
  return {
    lengths: lying.map((run) => sizeOf(run.map((axis) => shape[axis] as number))),
    order: runs.map((run) => lying.indexOf(run)),
  };
}

const isIncreasing = (numbers: readonly number[]): boolean =>
  numbers.every((number, at) => at === 0 || number > (numbers[at - 1] as number));

/**
 * Lays a value out with the axes in `order` (null for an extra axis of length one). Broadcast axes
 * have length one in the result.
 */
export function arrangeThin(graph: Graph, value: Value, order: readonly (number | null)[]): Edge {
  const { edge } = value;
  const held = order.map((axis) => (axis === null ? -1 : (value.axes[axis] as number)));
  const shape = held.map((axis) => (axis < 0 ? 1 : (edge.shape[axis] as number)));
  const lying = held.filter((axis) => axis >= 0);
  if (isIncreasing(lying)) return reshapeEdge(graph, edge, shape);
  const spare = range(edge.shape.length).filter((axis) => !lying.includes(axis));
  if (held.length === edge.shape.length)
    return transposeEdge(
      graph,
      edge,
      held.map((axis) => (axis < 0 ? (spare.shift() as number) : axis)),
    );
  return reshapeEdge(graph, transposeEdge(graph, edge, [...spare, ...lying]), shape);
}

/** Lays a value out with the axes in `order`, broadcasts carried out. */
export function arrange(graph: Graph, value: Value, order: readonly number[]): Edge {
  const thin = arrangeThin(graph, value, order);
  const shape = order.map((axis) => value.shape[axis] as number);
  if (equal(thin.shape, shape)) return thin;
  return graph.add('Expand', [thin, graph.int64(shape)], { type: thin.type, shape });
}

/** Lays a value out as tfjs sees it. */
export const dense = (graph: Graph, value: Value): Edge =>
  arrange(graph, value, range(value.shape.length));

/** The axes that the edge holds, in the order in which they lie in memory. */
export function memoryOrder(value: Value): number[] {
  return range(value.shape.length)
    .filter((axis) => (value.axes[axis] as number) >= 0)
    .sort((a, b) => (value.axes[a] as number) - (value.axes[b] as number));
}

/**
 * The order of all axes nearest to the one in memory: axes that the edge does not hold keep their
 * place behind the axis before them.
 */
export function fullOrder(value: Value, held: readonly number[] = memoryOrder(value)): number[] {
  const order = [...held];
  for (const axis of range(value.shape.length)) {
    if (order.includes(axis)) continue;
    order.splice(axis === 0 ? 0 : order.indexOf(axis - 1) + 1, 0, axis);
  }
  return order;
}

/** Where each axis of a tensor laid out in `order` lies. */
export const positions = (order: readonly number[]): number[] =>
  range(order.length).map((axis) => order.indexOf(axis));

/** A value that repeats nothing, in the memory order nearest to its own; for kernels that write. */
export function solid(graph: Graph, value: Value): Value {
  if (!value.axes.some((_, axis) => isStretched(value, axis))) return value;
  const order = fullOrder(value);
  return view(arrange(graph, value, order), value.shape, positions(order));
}

export function permute(value: Value, permutation: readonly number[]): Value {
  return {
    edge: value.edge,
    shape: permutation.map((axis) => value.shape[axis] as number),
    axes: permutation.map((axis) => value.axes[axis] as number),
  };
}

/** Broadcasts to a shape, at no cost. */
export function stretch(value: Value, shape: readonly number[]): Value {
  if (equal(value.shape, shape)) return value;
  const lead = shape.length - value.shape.length;
  return { edge: value.edge, shape, axes: shape.map((_, at) => value.axes[at - lead] ?? -1) };
}

/** The shape that tfjs broadcasting gives; throws where lengths differ that are not one. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  let widest: readonly number[] = [];
  for (const shape of shapes) if (shape.length > widest.length) widest = shape;
  const result = widest.slice();
  for (const shape of shapes) {
    const lead = result.length - shape.length;
    for (let at = 0; at < shape.length; at++) {
      const [length, other] = [shape[at] as number, result[lead + at]];
      if (length === other || length === 1) continue;
      if (other !== 1) throw new TypeError(`shapes [${shapes.join('] and [')}] don't broadcast`);
      result[lead + at] = length;
    }
  }
  return result;
}

/**
 * Reshapes. Where the axes merge or split only among neighbours in memory (and whole broadcast
 * axes), the edge is reshaped as it lies; otherwise it is laid out as tfjs sees it first.
 */
export function reshape(graph: Graph, value: Value, shape: readonly number[]): Value {
  if (equal(value.shape, shape)) return value;
  const blocks = matchBlocks(value.shape, shape);
  const axes = shape.map(() => -1);
  const replaced = new Map<number, number[]>();
  for (const { from, to } of blocks) {
    const wide = from.filter((axis) => value.shape[axis] !== 1);
    if (wide.length === 0 || wide.every((axis) => value.axes[axis] === -1)) continue;
    const held = wide.map((axis) => value.axes[axis] as number);
    if (held.includes(-1) || !areNeighbours(held, value.edge.shape)) {
      const edge = reshapeEdge(graph, dense(graph, value), shape);
      return view(edge, shape, range(shape.length));
    }
    replaced.set(
      held[0] as number,
      to.filter((axis) => shape[axis] !== 1),
    );
    for (const axis of held.slice(1)) replaced.set(axis, []);
  }
  const unchanged = [...replaced].every(([axis, to]) => {
    return to.length === 1 && shape[to[0] as number] === value.edge.shape[axis];
  });
  if (unchanged) {
    for (const [axis, to] of replaced) axes[to[0] as number] = axis;
    return { edge: value.edge, shape, axes };
  }
  const laidOut: number[] = [];
  value.edge.shape.forEach((length, axis) => {
    const to = replaced.get(axis);
    if (!to) laidOut.push(length);
    for (const target of to ?? []) {
      axes[target] = laidOut.length;
      laidOut.push(shape[target] as number);
    }
  });
  return { edge: reshapeEdge(graph, value.edge, laidOut), shape, axes };
}

/** Splits two shapes of the same size into the shortest runs of axes of the same size. */
function matchBlocks(
  before: readonly number[],
  after: readonly number[],
): { from: number[]; to: number[] }[] {
  const blocks: { from: number[]; to: number[] }[] = [];
  let from = 0;
  let to = 0;
  while (from < before.length || to < after.length) {
    const block = { from: [] as number[], to: [] as number[] };
    let [left, right] = [1, 1];
    do {
      if (from < before.length && (left <= right || to >= after.length)) {
        left *= before[from] as number;
        block.from.push(from++);
      } else {
        right *= after[to] as number;
        block.to.push(to++);
      }
    } while (left !== right && (from < before.length || to < after.length));
    blocks.push(block);
  }
  return blocks;
}

/** Whether edge axes lie one behind the other, but for axes of length one. */
function areNeighbours(held: readonly number[], shape: readonly number[]): boolean {
  return held.every((axis, at) => {
    if (at === 0) return true;
    const previous = held[at - 1] as number;
    return axis > previous && shape.slice(previous + 1, axis).every((length) => length === 1);
  });
}

export const elementType = (dtype: string): ElementType => {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new TypeError(`tensors of type ${dtype} cannot be compiled`);
};
