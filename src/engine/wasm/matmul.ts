import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { type Heap, sizeOf } from './heap.ts';

interface MatMulInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Matrix product over the last two axes. The backend is fast only for one pair of matrices as they
 * lie in memory: transposes are carried out first, batches pair by pair.
 */
export function batchMatMul(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  { transposeA, transposeB }: MatMulAttributes,
): TensorInfo {
  const a = transposeA ? transposeLastTwo(heap, inputs.a as TensorInfo) : (inputs.a as TensorInfo);
  const b = transposeB ? transposeLastTwo(heap, inputs.b as TensorInfo) : (inputs.b as TensorInfo);
  const product = multiplyMatrices(heap, { a, b });
  if (transposeA) heap.release(a);
  if (transposeB) heap.release(b);
  return product;
}

/** The product of two matrices (rank 2 each) as they lie in memory. */
export function multiplyPair(heap: Heap, { a, b }: MatMulInputs): TensorInfo {
  return heap.stock('BatchMatMul', { a, b }, { transposeA: false, transposeB: false });
}

function multiplyMatrices(heap: Heap, { a, b }: MatMulInputs): TensorInfo {
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const columns = b.shape.at(-1) as number;
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const shape = [...batch, rows, columns];
  const count = sizeOf(batch);
  if (count === 1 || count * rows * inner * columns === 0) return multiplyPair(heap, { a, b });
  // The same right matrix for all: one tall product.
  if (sizeOf(batchB) === 1) {
    const tall = multiplyPair(heap, {
      a: { ...a, shape: [count * rows, inner] },
      b: { ...b, shape: [inner, columns] },
    });
    return { ...tall, shape };
  }
  const leftOf = batchIndices(batchA, batch);
  const rightOf = batchIndices(batchB, batch);
  const output = heap.allocate(shape);
  for (let pair = 0; pair < count; pair++) {
    const left = copyMatrix(heap, a, leftOf[pair] as number, [rows, inner]);
    const right = copyMatrix(heap, b, rightOf[pair] as number, [inner, columns]);
    const product = multiplyPair(heap, { a: left, b: right });
    heap.floats(output).set(heap.floats(product), pair * rows * columns);
    heap.release(left, right, product);
  }
  return output;
}

function transposeLastTwo(heap: Heap, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) =>
    axis === rank - 2 ? rank - 1 : axis === rank - 1 ? rank - 2 : axis,
  );
  return heap.stock('Transpose', { x }, { perm });
}

function copyMatrix(heap: Heap, from: TensorInfo, index: number, shape: [number, number]) {
  const size = shape[0] * shape[1];
  const copy = heap.allocate(shape);
  heap.floats(copy).set(heap.floats(from).subarray(index * size, (index + 1) * size));
  return copy;
}

/** For every matrix of the broadcast batch, which matrix of the operand it is. */
function batchIndices(operand: readonly number[], batch: readonly number[]): Uint32Array {
  const missing = batch.length - operand.length;
  return Uint32Array.from({ length: sizeOf(batch) }, (_, at) => {
    let rest = at;
    let index = 0;
    let stride = 1;
    for (let axis = batch.length - 1; axis >= missing; axis--) {
      const length = operand[axis - missing] as number;
      if (length > 1) index += (rest % (batch[axis] as number)) * stride;
      rest = Math.floor(rest / (batch[axis] as number));
      stride *= length;
    }
    return index;
  });
}
