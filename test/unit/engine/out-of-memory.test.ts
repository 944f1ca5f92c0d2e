import { expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { explainedFailure } from '../../../src/engine/out-of-memory.ts';

/** What tfjs's WebAssembly module throws when its heap can't grow (measured on ResNet-18's second order). */
const aborted = Object.assign(new Error('Aborted(). Build with -sASSERTIONS for more info.'), {
  name: 'RuntimeError',
});

test('what ONNX Runtime and V8 say is put into plain words, with the remedy', () => {
  for (const message of ['std::bad_alloc', 'Array buffer allocation failed']) {
    const explained = explainedFailure('lenet-5/sgd-step', new Error(message));
    expect(explained.message).toMatch(/^lenet-5\/sgd-step ran out of memory\. Use a smaller batch/);
    expect((explained.cause as Error).message).toBe(message);
  }
  const other = new Error('shapes do not fit');
  expect(explainedFailure('x', other)).toBe(other);
});

test('a program that fills the heap of WebAssembly says so', async () => {
  const engine = await openEngine({ prefer: 'wasm' });
  const program = await engine.compile({
    name: 'large',
    state: [],
    constants: [],
    perStep: [],
    step() {
      throw aborted;
    },
  });
  await expect(program.run({ steps: 1, state: [] })).rejects.toThrow(
    'large ran out of memory: the heap of the engine wasm ends at 4 GiB. Use a smaller batch or model, or install onnxruntime-node',
  );
});
