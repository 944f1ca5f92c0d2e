import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type Heap, sizeOf } from './heap.ts';

interface SumAttributes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/**
 * Sums; leading axes (the gradient of a bias) without the backend's transpose, in float64.
 */
export function sum(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: SumAttributes,
): TensorInfo {
  const { x } = inputs as { x: TensorInfo };
  const rank = x.shape.length;
  const axes = util.parseAxisParam(attributes.axis ?? x.shape.map((_, at) => at), x.shape);
  const leading = axes.length < rank && [...axes].sort().every((axis, at) => axis === at);
  if (!leading || axes.length === 0 || x.dtype !== 'float32')
    return heap.stock('Sum', inputs, attributes);
  const kept = x.shape.slice(axes.length);
  const output = heap.allocate(attributes.keepDims ? [...axes.map(() => 1), ...kept] : kept);
  const columns = sizeOf(kept);
  const totals = new Float64Array(columns);
  const from = heap.floats(x);
  for (let at = 0; at < from.length; )
    for (let column = 0; column < columns; column++)
      totals[column] = (totals[column] as number) + (from[at++] as number);
  heap.floats(output).set(totals);
  return output;
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
