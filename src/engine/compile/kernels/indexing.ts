import type { Edge, Graph } from '../graph.ts';
import { arrange, dense, elementType, permute, plain, range, splat, type Value } from '../value.ts';
import { cast, elementwise } from './elementwise.ts';
import { axesOf, input, type KernelTable, UnsupportedCall } from './kernel.ts';
import { expandAxis } from './shape.ts';

/** x at `indices` along an axis. */
function gather(graph: Graph, x: Value, indices: Value, axis: number): Value {
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const inputs = [dense(graph, x), dense(graph, indices)];
  return plain(graph.add('Gather', inputs, { type: x.edge.type, shape }, { axis }));
}

/**
 * x at `indices` along an axis, where the first `batchDims` axes of both go together: element by
 * element of the batch, [...batch, ...before axis, ...indices, ...behind axis].
 */
function gatherInBatch(
  graph: Graph,
  x: Value,
  indices: Value,
  axis: number,
  batchDims: number,
): Value {
  const rank = x.shape.length;
  const [batch, before] = [range(batchDims), range(axis).slice(batchDims)];
  const behind = range(rank).slice(axis + 1);
  const edge = arrange(graph, x, [...batch, axis, ...before, ...behind]);
  const places = indices.shape.slice(batchDims);
  const lengths = [...batch, ...before, ...behind].map((at) => x.shape[at] as number);
  const laidOut = [...lengths.slice(0, batchDims), ...places, ...lengths.slice(batchDims)];
  const inputs = [edge, positions64(graph, expandAxis(indices, indices.shape.length))];
  const output = { type: x.edge.type, shape: laidOut };
  const gathered = graph.add('GatherND', inputs, output, { batch_dims: batchDims });
  const order = range(laidOut.length);
  const moved = order.splice(batchDims, places.length);
  order.splice(axis, 0, ...moved);
  return permute(plain(gathered), order);
}

/** Positions as ONNX's scattering operations want them. */
function positions64(graph: Graph, indices: Value): Edge {
  const edge = dense(graph, indices);
  return graph.add('Cast', [edge], { type: 'int64', shape: edge.shape }, { to: 7 });
}

/** Adds `updates` up at `indices` [..., depth] of a zero tensor. */
function scatterAdd(graph: Graph, indices: Edge, updates: Value, shape: readonly number[]): Value {
  const type = updates.edge.type;
  const zero = graph.scalar(type === 'int32' ? 'int32' : 'float32', 0);
  const zeros = dense(graph, splat(zero, shape));
  const inputs = [zeros, indices, dense(graph, updates)];
  return plain(graph.add('ScatterND', inputs, { type, shape }, { reduction: 'add' }));
}

export const indexingKernels: KernelTable = {
  OneHot: (call) => {
    const { graph, attrs } = call;
    const indices = input(call, 'indices');
    const depth = attrs.depth as number;
    const type = elementType((attrs.dtype as string | undefined) ?? 'float32');
    if (type !== 'float32' && type !== 'int32')
      throw new UnsupportedCall(`one-hot vectors of type ${type} are not known`);
    const classes = graph.constant('int32', [depth], Int32Array.from(range(depth)));
    const operands = [expandAxis(indices, indices.shape.length), plain(classes)];
    const isHot = elementwise(graph, 'Equal', operands, 'bool');
    const [on, off] = [attrs.onValue as number, attrs.offValue as number];
    if (on === 1 && off === 0) return cast(graph, isHot, type);
    const pair = [on, off].map((value) => splat(graph.scalar(type, value), []));
    return elementwise(graph, 'Where', [isHot, ...pair], type);
  },

  GatherV2: (call) => {
    const [x, indices] = [input(call, 'x'), input(call, 'indices')];
    const [axis] = axesOf(call.attrs.axis ?? 0, x.shape.length) as [number];
    const batchDims = (call.attrs.batchDims as number | undefined) ?? 0;
    return batchDims === 0
      ? gather(call.graph, x, indices, axis)
      : gatherInBatch(call.graph, x, indices, axis, batchDims);
  },
  GatherNd: (call) => {
    const { graph } = call;
    const [params, indices] = [input(call, 'params'), input(call, 'indices')];
    const depth = indices.shape.at(-1) as number;
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(depth)];
    const inputs = [dense(graph, params), positions64(graph, indices)];
    return plain(graph.add('GatherND', inputs, { type: params.edge.type, shape }));
  },
  ScatterNd: (call) => {
    const { graph } = call;
    const indices = positions64(graph, input(call, 'indices'));
    return scatterAdd(graph, indices, input(call, 'updates'), call.attrs.shape as number[]);
  },
  UnsortedSegmentSum: (call) => {
    const { graph } = call;
    const [x, ids] = [input(call, 'x'), input(call, 'segmentIds')];
    const indices = positions64(graph, expandAxis(ids, ids.shape.length));
    const rest = x.shape.slice(ids.shape.length);
    return scatterAdd(graph, indices, x, [call.attrs.numSegments as number, ...rest]);
  },
  TopK: (call) => {
    const { graph, attrs } = call;
    const edge = dense(graph, input(call, 'x'));
    const k = attrs.k as number;
    const shape = [...edge.shape.slice(0, -1), k];
    const [values, places] = graph.addMany(
      'TopK',
      [edge, graph.int64([k])],
      [
        { type: edge.type, shape },
        { type: 'int64', shape },
      ],
      { axis: -1, largest: 1, sorted: attrs.sorted === false ? 0 : 1 },
    ) as [Edge, Edge];
    const indices = graph.add('Cast', [places], { type: 'int32', shape }, { to: 6 });
    return [plain(values), plain(indices)];
  },
};
