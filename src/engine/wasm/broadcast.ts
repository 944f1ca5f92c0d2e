import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Heap, type HeapKernel, sizeOf } from './heap.ts';

/** Writes `rows` rows of `columns` values; the repeated operand is read again in every row. */
type RowLoop = (
  to: Float32Array,
  whole: Float32Array,
  repeated: Float32Array,
  columns: number,
) => void;

/**
 * A binary kernel that is quick where the backend is slow: when one operand is a scalar or repeats
 * along the leading axes of the other (a bias, a learning rate).
 */
function binary(name: string, repeatRight: RowLoop, repeatLeft: RowLoop): HeapKernel {
  return (heap, inputs) => {
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    if (a.dtype === 'float32' && b.dtype === 'float32') {
      if (repeatsIn(b.shape, a.shape)) return rows(heap, repeatRight, a, b);
      if (repeatsIn(a.shape, b.shape)) return rows(heap, repeatLeft, b, a);
    }
    return heap.stock(name, inputs);
  };
}

function rows(heap: Heap, loop: RowLoop, whole: TensorInfo, repeated: TensorInfo): TensorInfo {
  const output = heap.allocate(whole.shape);
  loop(heap.floats(output), heap.floats(whole), heap.floats(repeated), sizeOf(repeated.shape));
  return output;
}

/** Whether `part`, stripped of leading ones, is a proper tail of `whole`. */
function repeatsIn(part: readonly number[], whole: readonly number[]): boolean {
  if (part.length > whole.length || sizeOf(part) === sizeOf(whole)) return false;
  const firstKept = part.findIndex((length) => length !== 1);
  const tail = firstKept < 0 ? [] : part.slice(firstKept);
  const offset = whole.length - tail.length;
  return tail.every((length, at) => length === whole[offset + at]);
}

const plus: RowLoop = (to, whole, repeated, columns) => {
  for (let at = 0; at < to.length; )
    for (let column = 0; column < columns; column++, at++)
      to[at] = (whole[at] as number) + (repeated[column] as number);
};

const times: RowLoop = (to, whole, repeated, columns) => {
  for (let at = 0; at < to.length; )
    for (let column = 0; column < columns; column++, at++)
      to[at] = (whole[at] as number) * (repeated[column] as number);
};

const minus: RowLoop = (to, whole, repeated, columns) => {
  for (let at = 0; at < to.length; )
    for (let column = 0; column < columns; column++, at++)
      to[at] = (whole[at] as number) - (repeated[column] as number);
};

const minusFrom: RowLoop = (to, whole, repeated, columns) => {
  for (let at = 0; at < to.length; )
    for (let column = 0; column < columns; column++, at++)
      to[at] = (repeated[column] as number) - (whole[at] as number);
};

const over: RowLoop = (to, whole, repeated, columns) => {
  for (let at = 0; at < to.length; )
    for (let column = 0; column < columns; column++, at++)
      to[at] = (whole[at] as number) / (repeated[column] as number);
};

const overInto: RowLoop = (to, whole, repeated, columns) => {
  for (let at = 0; at < to.length; )
    for (let column = 0; column < columns; column++, at++)
      to[at] = (repeated[column] as number) / (whole[at] as number);
};

export const add = binary('Add', plus, plus);
export const subtract = binary('Sub', minus, minusFrom);
export const multiply = binary('Multiply', times, times);
export const realDivide = binary('RealDiv', over, overInto);
