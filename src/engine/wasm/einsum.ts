import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.ts';

/** An Einstein sum as a broadcast product over all labels, then a sum over those left out. */
export function einsum(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  { equation }: { readonly equation: string },
): TensorInfo {
  const operands = Object.values(inputs);
  const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(
    equation,
    operands.length,
  );
  const spread = operands.map((x, at) => {
    const { permutationIndices: perm, expandDims } = backend_util.getEinsumPermutation(
      allDims.length,
      idDims[at] as number[],
    );
    const turned = heap.stock('Transpose', { x }, { perm });
    const shape = [...turned.shape];
    for (const axis of expandDims) shape.splice(axis, 0, 1);
    return { ...turned, shape };
  });
  const [first, second] = spread as [TensorInfo, TensorInfo?];
  const product = second ? heap.stock('Multiply', { a: first, b: second }) : first;
  const sum = heap.stock('Sum', { x: product }, { axis: summedDims, keepDims: false });
  heap.release(...spread, ...(second ? [product] : []));
  return sum;
}
