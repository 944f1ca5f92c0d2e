import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type Heap, sizeOf } from './heap.ts';
import { multiplyPair } from './matmul.ts';

interface SumAttributes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/** Sums; over leading axes (the gradient of a bias) as a product with a row of ones. */
export function sum(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: SumAttributes,
): TensorInfo {
  const { x } = inputs as { x: TensorInfo };
  const axes = util.parseAxisParam(attributes.axis ?? x.shape.map((_, at) => at), x.shape);
  const kept = x.shape.slice(axes.length);
  const leading = axes.length > 0 && axes.every((axis) => axis < axes.length);
  if (!leading || kept.length === 0 || sizeOf(x.shape) === 0 || x.dtype !== 'float32')
    return heap.stock('Sum', inputs, attributes);
  const columns = sizeOf(kept);
  const rows = sizeOf(x.shape) / columns;
  const ones = heap.allocate([1, rows]);
  heap.floats(ones).fill(1);
  const sums = multiplyPair(heap, { a: ones, b: { ...x, shape: [rows, columns] } });
  heap.release(ones);
  return { ...sums, shape: attributes.keepDims ? [...axes.map(() => 1), ...kept] : kept };
}

/** Row s is the sum of the rows of x whose id is s; rows with an id outside are dropped. */
export function unsortedSegmentSum(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  { numSegments }: { readonly numSegments: number },
): TensorInfo {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const rowShape = x.shape.slice(1);
  const rowSize = sizeOf(rowShape);
  const output = heap.allocate([numSegments, ...rowShape]);
  const to = heap.floats(output).fill(0);
  const from = heap.floats(x);
  heap.integers(segmentIds).forEach((segment, row) => {
    if (segment < 0 || segment >= numSegments) return;
    for (let at = 0; at < rowSize; at++)
      to[segment * rowSize + at] =
        (to[segment * rowSize + at] as number) + (from[row * rowSize + at] as number);
  });
  return output;
}
