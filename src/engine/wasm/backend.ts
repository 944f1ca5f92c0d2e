import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { tf } from '../tensors.ts';
import { installKernels } from './kernels.ts';

/**
 * Makes tfjs's WebAssembly backend the current one (its SIMD binary, one thread), with our kernels.
 *
 * @throws {Error} when the backend can't start here.
 */
export async function startWasmBackend(): Promise<void> {
  const require = createRequire(import.meta.url);
  // The binaries stand beside the package's entry file.
  setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
  // Threads don't start in Node; asking for them only delays the start.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await tf.setBackend('wasm')))
    throw new Error('the WebAssembly backend of tfjs did not start');
  installKernels();
}
