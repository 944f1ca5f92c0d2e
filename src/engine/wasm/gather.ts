import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type Heap, sizeOf } from './heap.ts';

/** x at `indices` along an axis. The backend's own kernel reads the first index row for all batches. */
export function gather(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: { readonly axis: number; readonly batchDims: number },
): TensorInfo {
  const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo };
  const { batchDims } = attributes;
  if (batchDims === 0) return heap.stock('GatherV2', inputs, attributes);
  const [axis] = util.parseAxisParam(attributes.axis, x.shape) as [number];
  const [before, behind] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const places = indices.shape.slice(batchDims);
  const dtype = x.dtype === 'int32' ? 'int32' : 'float32';
  const output = heap.allocate([...before, ...places, ...behind], dtype);
  // Both types are four bytes long, and are only moved here.
  const [to, from, rows] = [heap.floats(output), heap.floats(x), heap.integers(indices)];
  const [length, run, count] = [x.shape[axis] as number, sizeOf(behind), sizeOf(places)];
  const outerPerBatch = sizeOf(before.slice(batchDims));
  for (let outer = 0; outer < sizeOf(before); outer++) {
    const batch = Math.floor(outer / outerPerBatch);
    for (let place = 0; place < count; place++) {
      const row = outer * length + (rows[batch * count + place] as number);
      to.set(from.subarray(row * run, (row + 1) * run), (outer * count + place) * run);
    }
  }
  return output;
}
