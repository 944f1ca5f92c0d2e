import type { Edge, Graph } from '../graph.ts';
import { MICROSOFT_DOMAIN } from '../onnx-writer.ts';
import { arrange, dense, plain, range, reshapeEdge, sizeOf, type Value, view } from '../value.ts';
import { input, inputList, type KernelCall, type KernelTable } from './kernel.ts';

/** The last two axes as they lie in memory, behind the others: columns first if `isTransposed`. */
function matrices(graph: Graph, x: Value): { edge: Edge; isTransposed: boolean } {
  const rank = x.shape.length;
  const lead = range(rank - 2);
  const [row, column] = [x.axes[rank - 2] as number, x.axes[rank - 1] as number];
  const isTransposed = row >= 0 && column >= 0 && column < row;
  const order = isTransposed ? [...lead, rank - 1, rank - 2] : [...lead, rank - 2, rank - 1];
  return { edge: arrange(graph, x, order), isTransposed };
}

const FEW_ROWS = 64;
const LARGE = 2 ** 20;

/** a·b over the last two axes, each transposed on demand; leading axes broadcast. */
export function matMul(
  graph: Graph,
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
): Value {
  const [inner, other] = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)];
  if (a.shape.length < 2 || b.shape.length < 2 || inner !== other)
    throw new TypeError(`matrices [${a.shape}] and [${b.shape}] have no product`);
  const left = matrices(graph, a);
  const right = matrices(graph, b);
  const rank = Math.max(a.shape.length, b.shape.length);
  const transA = transposeA !== left.isTransposed ? 1 : 0;
  const transB = transposeB !== right.isTransposed ? 1 : 0;
  const rows = a.shape.at(transposeA ? -1 : -2) as number;
  const columns = b.shape.at(transposeB ? -2 : -1) as number;
  const lead = range(rank - 2).map((at) =>
    Math.max(a.shape[at - rank + a.shape.length] ?? 1, b.shape[at - rank + b.shape.length] ?? 1),
  );
  const output = { type: 'float32' as const, shape: [...lead, rows, columns] };
  const edges = [left.edge, right.edge];
  if (
    rank === 2 &&
    rows > 1 &&
    rows <= FEW_ROWS &&
    transB === 0 &&
    sizeOf(right.edge.shape) >= LARGE
  ) {
    // (a·b)ᵀ = bᵀ·aᵀ, [columns, rows]: the runtime repacks its right operand first, which
    // takes as long as the product where that is large and few rows are multiplied with it (measured).
    const swapped = { type: 'float32' as const, shape: [columns, rows] };
    const attributes = { transA: 1, transB: 1 - transA };
    const product = graph.add('Gemm', edges.toReversed(), swapped, attributes);
    return view(product, [rows, columns], [1, 0]);
  }
  if (rank === 2) return plain(graph.add('Gemm', edges, output, { transA, transB }));
  if (transA + transB === 0) return plain(graph.add('MatMul', edges, output));
  return plain(graph.add('FusedMatMul', edges, output, { transA, transB }, MICROSOFT_DOMAIN));
}

/** ONNX wants an axis in every operand; a number gets one that is summed over. */
function einsum(call: KernelCall): Value {
  const { graph } = call;
  const equation = (call.attrs.equation as string).replace(/\s/g, '');
  const [left = '', right = ''] = equation.split('->');
  const spare = [...'abcdefghijklmnopqrstuvwxyz'].find((letter) => !equation.includes(letter));
  const terms = left.split(',').map((term) => (term === '' ? (spare as string) : term));
  const operands = inputList(call);
  const lengths = new Map<string, number>();
  const edges = operands.map((operand, at) => {
    const term = [...(terms[at] as string)];
    const shape = operand.shape.length === 0 ? [1] : operand.shape;
    term.forEach((label, axis) => {
      lengths.set(label, shape[axis] as number);
    });
    return reshapeEdge(graph, dense(graph, operand), shape);
  });
  const output = {
    type: (edges[0] as Edge).type,
    shape: [...right].map((label) => lengths.get(label) as number),
  };
  const attributes = { equation: `${terms.join(',')}->${right}` };
  return plain(graph.add('Einsum', edges, output, attributes));
}

export const matrixKernels: KernelTable = {
  Einsum: einsum,
  BatchMatMul: (call) =>
    matMul(
      call.graph,
      input(call, 'a'),
      input(call, 'b'),
      call.attrs.transposeA === true,
      call.attrs.transposeB === true,
    ),
};
