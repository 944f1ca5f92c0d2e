import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Heap, type HeapKernel, sizeOf } from './heap.ts';

/**
 * A binary kernel for operands of different shapes. The backend is quick for equal shapes only; a
 * scalar, or an operand that repeats along the leading axes of the other (a bias), is repeated first.
 */
function binary(name: string): HeapKernel {
  return (heap, inputs) => {
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    if (a.dtype === 'float32' && b.dtype === 'float32') {
      if (repeatsIn(b.shape, a.shape)) {
        const repeated = repeat(heap, b, a.shape);
        const result = heap.stock(name, { a, b: repeated });
        heap.release(repeated);
        return result;
      }
      if (repeatsIn(a.shape, b.shape)) {
        const repeated = repeat(heap, a, b.shape);
        const result = heap.stock(name, { a: repeated, b });
        heap.release(repeated);
        return result;
      }
    }
    return heap.stock(name, inputs);
  };
}

/** Whether `part`, stripped of leading ones, is a proper tail of `whole`. */
function repeatsIn(part: readonly number[], whole: readonly number[]): boolean {
  const size = sizeOf(part);
  if (part.length > whole.length || size === 0 || size >= sizeOf(whole)) return false;
  const firstKept = part.findIndex((length) => length !== 1);
  const tail = firstKept < 0 ? [] : part.slice(firstKept);
  const offset = whole.length - tail.length;
  return tail.every((length, at) => length === whole[offset + at]);
}

function repeat(heap: Heap, part: TensorInfo, shape: readonly number[]): TensorInfo {
  const repeated = heap.allocate(shape);
  const to = heap.floats(repeated);
  const from = heap.floats(part);
  if (from.length === 1) {
    to.fill(from[0] as number);
    return repeated;
  }
  to.set(from);
  for (let done = from.length; done < to.length; done *= 2)
    to.copyWithin(done, 0, Math.min(done, to.length - done));
  return repeated;
}

export const add = binary('Add');
export const subtract = binary('Sub');
export const multiply = binary('Multiply');
export const realDivide = binary('RealDiv');
