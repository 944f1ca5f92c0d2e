import '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { traceStep } from '../../../../src/engine/compile/trace.ts';
import type { ProgramDefinition } from '../../../../src/engine/program.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { inTurns } from '../../../../src/engine/turns.ts';

const traced = (definition: ProgramDefinition) => inTurns(traceStep(definition));

test('tracing the gradients of sums and means writes no tensor out, however large it is', async () => {
  // 32 GiB of numbers.
  const shape = [2 ** 17, 2 ** 16];
  const trace = await traced({
    name: 'large',
    state: [{ shape, dtype: 'float32' }],
    constants: [],
    perStep: [],
    step({ state: [x] }) {
      const cost = (at: Tensor) =>
        tf.add(tf.sum(tf.mean(tf.square(at), 1)), tf.mean(tf.sum(at, 0)));
      return { state: [tf.grad(cost)(x as Tensor)], outputs: [] };
    },
  });
  expect(trace.nextState[0]?.shape).toEqual(shape);
  const written = trace.graph.constants.map(({ constant }) => constant.length);
  expect(Math.max(...written)).toBeLessThanOrEqual(2);
});

test('copies outlive what they were made of, and nothing is left of a trace', async () => {
  await tf.setBackend('cpu');
  const { numTensors, numDataBuffers } = tf.memory();
  const trace = await traced({
    name: 'copies',
    state: [{ shape: [2], dtype: 'float32' }],
    constants: [],
    perStep: [],
    step({ state: [x] }) {
      const square = tf.square(x as Tensor);
      const copies = [tf.clone(square), tf.cast(square, 'float32'), tf.reshape(square, [2])];
      square.dispose();
      copies[0]?.dispose();
      expect(() => copies[0]?.dataSync()).toThrow('disposed');
      return { state: [tf.add(copies[1] as Tensor, copies[2] as Tensor)], outputs: [] };
    },
  });
  expect(trace.graph.nodes.map(({ op }) => op)).toEqual(['Mul', 'Add']);
  expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
});
