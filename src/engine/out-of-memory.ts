/** How the runtime, V8 and the WebAssembly heap say that there is no memory left. */
const SIGNS = /bad_alloc|failed to allocate|out of memory|allocation failed|^Aborted\(\)/i;

/** The error in plain words with the remedy, where it is about memory; else as it is. */
export function explainedFailure(program: string, error: Error): Error {
  if (!SIGNS.test(error.message)) return error;
  const explanation =
    error.name === 'RuntimeError'
      ? ': the heap of the engine wasm ends at 4 GiB. Use a smaller batch or model, or install onnxruntime-node, whose engine has no such limit.'
      : '. Use a smaller batch, or fewer processes at a time (--jobs) with more memory each (--memory).';
  return new Error(`${program} ran out of memory${explanation}`, { cause: error });
}
