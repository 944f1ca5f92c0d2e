import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { explainedFailure } from '../../../src/engine/out-of-memory.ts';
import type { ProgramDefinition } from '../../../src/engine/program.ts';
import { tf } from '../../../src/engine/tensors.ts';

const repeating = (times: number): ProgramDefinition => ({
  name: 'repeats',
  state: [{ shape: [4], dtype: 'float32' }],
  constants: [],
  perStep: [],
  step: ({ state }) => ({ state, outputs: [tf.sum(tf.tile(state[0] as Tensor, [times]))] }),
});
const run = { steps: 1, state: [{ shape: [4], data: Float32Array.of(1, 2, 3, 4) }] };

test('the heap of WebAssembly is too small: a plain sentence, and the engine goes on', async () => {
  const engine = await openEngine({ prefer: 'wasm' });
  // Just below 4 GiB, which it has not left.
  const tooLarge = await engine.compile(repeating(2 ** 28 - 2 ** 22));
  await expect(tooLarge.run(run)).rejects.toThrow(
    'repeats ran out of memory: the heap of the engine wasm ends at 4 GiB. Use a smaller batch or model, or install onnxruntime-node',
  );
  const small = await engine.compile(repeating(3));
  expect((await small.run(run)).outputs[0]?.data).toEqual(Float32Array.of(30));
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
