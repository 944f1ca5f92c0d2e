import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { tf } from '../tensors.ts';
import { add, multiply, realDivide, subtract } from './broadcast.ts';
import { conv2D, conv2DBackpropFilter, conv2DBackpropInput } from './conv.ts';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise.ts';
import { einsum } from './einsum.ts';
import { gather } from './gather.ts';
import { Heap, type HeapKernel } from './heap.ts';
import { batchMatMul } from './matmul.ts';
import { avgPoolGrad, maxPoolGrad, maxPoolWithArgmax } from './pool.ts';
import { sum, unsortedSegmentSum } from './reduce.ts';

/** Kernels the backend lacks or gets wrong, and faster ones for the hot spots of our loops. */
const kernels: Readonly<Record<string, HeapKernel>> = {
  [tf.Add]: add,
  [tf.Sub]: subtract,
  [tf.Multiply]: multiply,
  [tf.RealDiv]: realDivide,
  [tf.BatchMatMul]: batchMatMul,
  [tf.Conv2D]: conv2D,
  [tf.Conv2DBackpropFilter]: conv2DBackpropFilter,
  [tf.Conv2DBackpropInput]: conv2DBackpropInput,
  [tf.DepthwiseConv2dNativeBackpropFilter]: depthwiseBackpropFilter,
  [tf.DepthwiseConv2dNativeBackpropInput]: depthwiseBackpropInput,
  [tf.Einsum]: einsum,
  [tf.GatherV2]: gather,
  [tf.AvgPoolGrad]: avgPoolGrad,
  [tf.MaxPoolGrad]: maxPoolGrad,
  [tf.MaxPoolWithArgmax]: maxPoolWithArgmax,
  [tf.Sum]: sum,
  [tf.UnsortedSegmentSum]: unsortedSegmentSum,
};

let installed = false;

/** Puts our kernels into the running WebAssembly backend; a second call does nothing. */
export function installKernels(): void {
  if (installed) return;
  installed = true;
  const stock = new Map(
    tf.getKernelsForBackend('wasm').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]),
  );
  const heap = new Heap(tf.backend() as BackendWasm, stock);
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (stock.has(kernelName)) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) =>
        kernel(heap, inputs as Record<string, tf.TensorInfo>, attrs as never),
    });
  }
}
