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
  if (!(await withoutNewCrashHandlers(() => tf.setBackend('wasm'))))
    throw new Error('the WebAssembly backend of tfjs did not start');
  installKernels();
}

const crashEvents = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * The backend's loader hooks into the process's crash events and answers every crash, of whatever
 * origin, with its own minified source. Takes those handlers off again.
 */
async function withoutNewCrashHandlers<T>(start: () => Promise<T>): Promise<T> {
  const before = new Set(crashEvents.flatMap((event) => process.rawListeners(event)));
  try {
    return await start();
  } finally {
    for (const event of crashEvents)
      for (const handler of process.rawListeners(event))
        if (!before.has(handler)) process.off(event, handler as () => void);
  }
}
