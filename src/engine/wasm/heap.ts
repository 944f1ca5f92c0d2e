import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';

/**
 * The WebAssembly heap as our kernels see it: tensors to write, and the backend's own kernels.
 *
 * Allocating can move the heap, so allocate every tensor first and take views afterwards.
 */
export class Heap {
  readonly #backend: BackendWasm;
  readonly #stock: ReadonlyMap<string, KernelFunc>;

  constructor(backend: BackendWasm, stock: ReadonlyMap<string, KernelFunc>) {
    this.#backend = backend;
    this.#stock = stock;
  }

  /** A new tensor with undefined contents. */
  allocate(shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): TensorInfo {
    return this.#backend.makeOutput([...shape], dtype);
  }

  /** A view of a float32 tensor's values. */
  floats(tensor: TensorInfo): Float32Array {
    return this.#backend.typedArrayFromHeap(tensor) as Float32Array;
  }

  /** A view of an int32 tensor's values. */
  integers(tensor: TensorInfo): Int32Array {
    return this.#backend.typedArrayFromHeap(tensor) as Int32Array;
  }

  /** Runs one of the backend's own kernels. */
  stock(name: string, inputs: Record<string, TensorInfo>, attrs: object = {}): TensorInfo {
    const kernel = this.#stock.get(name);
    if (!kernel) throw new Error(`the WebAssembly backend has no kernel ${name}`);
    return kernel({ inputs, backend: this.#backend, attrs: attrs as NamedAttrMap }) as TensorInfo;
  }

  /** Frees tensors that were allocated here, or were returned by `stock`. */
  release(...tensors: readonly TensorInfo[]): void {
    for (const { dataId } of tensors) this.#backend.disposeData(dataId);
  }
}

/** One of our kernels: reads its inputs' values through the heap, returns freshly allocated tensors. */
export type HeapKernel = (
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attrs: never,
) => TensorInfo | TensorInfo[];

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
