import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import type { NdArray, ProgramDefinition } from '../../../src/engine/program.ts';
import { tf } from '../../../src/engine/tensors.ts';

const float32 = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
const floats = (shape: number[], ...data: number[]): NdArray => ({
  shape,
  data: Float32Array.from(data),
});

/** One step of descent on (w · x)²; outputs the loss, and its integers plus one. */
const descent: ProgramDefinition = {
  name: 'descent',
  state: [float32(3)],
  constants: [float32()],
  perStep: [float32(3), { shape: [2], dtype: 'int32' }],
  step({ state, constants, perStep }) {
    const [w] = state as [Tensor];
    const [rate] = constants as [Tensor];
    const [x, ids] = perStep as [Tensor, Tensor];
    const { value, grad } = tf.valueAndGrad((at: Tensor) => tf.square(tf.sum(tf.mul(at, x))))(w);
    return {
      state: [tf.sub(w, tf.mul(rate, grad))],
      outputs: [value, tf.add(ids, tf.scalar(1, 'int32'))],
    };
  },
};

const inputs = floats([4, 3], 1, 2, 3, -1, 0, 1, 0.5, 0.5, 0.5, 2, -2, 1);
const ids: NdArray = { shape: [4, 2], data: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
const start = floats([3], 0.1, -0.2, 0.3);
const all = { steps: 4, state: [start], constants: [floats([], 0.05)], perStep: [inputs, ids] };

/** The same in float64. */
function descentByHand() {
  const w = [0.1, -0.2, 0.3];
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) {
    const x = Array.from(inputs.data.subarray(3 * step, 3 * step + 3));
    const product = x.reduce((sum, value, at) => sum + value * (w[at] as number), 0);
    losses.push(product ** 2);
    x.forEach((value, at) => {
      w[at] = (w[at] as number) - 0.05 * 2 * product * value;
    });
  }
  return { w, losses };
}

describe.each(['wasm', 'cpu'] as const)('an eager program on %s', async (id) => {
  const engine = await openEngine({ prefer: id });

  test('runs its steps, stacks outputs, and leaves no tensor behind', async () => {
    const program = await engine.compile(descent);
    await program.run(all);
    const before = tf.memory().numTensors;
    const { state, outputs } = await program.run(all);
    expect(tf.memory().numTensors).toBe(before);
    const wanted = descentByHand();
    expect(state.map(({ shape }) => shape)).toEqual([[3]]);
    expect(outputs.map(({ shape }) => shape)).toEqual([[4], [4, 2]]);
    wanted.w.forEach((value, at) => {
      expect(state[0]?.data[at]).toBeCloseTo(value, 5);
    });
    wanted.losses.forEach((value, at) => {
      expect(outputs[0]?.data[at]).toBeCloseTo(value, 5);
    });
    expect(outputs[1]?.data).toEqual(Int32Array.of(2, 3, 4, 5, 6, 7, 8, 9));
    program.dispose();
  });

  test('steps in one run are bitwise the same as runs of one step; arguments stay unchanged', async () => {
    const program = await engine.compile(descent);
    const together = await program.run(all);
    let state: readonly NdArray[] = [start];
    const losses: number[] = [];
    for (let step = 0; step < 4; step++) {
      const one = await program.run({
        ...all,
        steps: 1,
        state,
        perStep: [
          { shape: [1, 3], data: inputs.data.slice(3 * step, 3 * step + 3) },
          { shape: [1, 2], data: ids.data.slice(2 * step, 2 * step + 2) },
        ],
      });
      state = one.state;
      losses.push(one.outputs[0]?.data[0] as number);
    }
    expect(state[0]?.data).toEqual(together.state[0]?.data);
    expect(Float32Array.from(losses)).toEqual(together.outputs[0]?.data);
    expect(start.data).toEqual(Float32Array.of(0.1, -0.2, 0.3));
  });

  test('a step may hand on its arguments as they are, or one tensor twice', async () => {
    const program = await engine.compile({
      name: 'hand-on',
      state: [float32(2), float32(2)],
      constants: [float32(2)],
      perStep: [],
      step: ({ state, constants }) => ({
        state: [state[1] as Tensor, state[1] as Tensor],
        outputs: [constants[0] as Tensor, state[1] as Tensor],
      }),
    });
    const before = tf.memory().numTensors;
    const { state, outputs } = await program.run({
      steps: 3,
      state: [floats([2], 1, 2), floats([2], 3, 4)],
      constants: [floats([2], 5, 6)],
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(state.map(({ data }) => Array.from(data))).toEqual([
      [3, 4],
      [3, 4],
    ]);
    expect(Array.from(outputs[0]?.data ?? [])).toEqual([5, 6, 5, 6, 5, 6]);
    expect(Array.from(outputs[1]?.data ?? [])).toEqual([3, 4, 3, 4, 3, 4]);
  });

  test('names the argument that does not fit', async () => {
    const program = await engine.compile(descent);
    const run = (change: object) => program.run({ ...all, ...change });
    await expect(run({ state: [floats([2], 1, 2)] })).rejects.toThrow(
      new TypeError('state[0] of descent has shape [2], not [3]'),
    );
    await expect(run({ constants: [] })).rejects.toThrow('descent takes 1 constants, not 0');
    await expect(run({ perStep: [inputs, floats([4, 2], ...ids.data)] })).rejects.toThrow(
      'perStep[1] of descent is int32 and takes a Int32Array, not a Float32Array',
    );
    await expect(run({ steps: 3 })).rejects.toThrow(
      'perStep[0] of descent has shape [4,3], not [3,3]',
    );
    await expect(run({ state: [floats([3], 1, 2)] })).rejects.toThrow(
      'state[0] of descent holds 2 values, not 3',
    );
    for (const steps of [0, 1.5, -1])
      await expect(run({ steps })).rejects.toThrow('positive whole number of steps');
    program.dispose();
    await expect(run({})).rejects.toThrow('descent is run after it was disposed of');
  });

  test('names the state or output a step gets wrong, and cleans up', async () => {
    const program = await engine.compile({
      ...descent,
      step: ({ state }) => ({
        state: [tf.concat([state[0] as Tensor, tf.ones([1])])],
        outputs: [],
      }),
    });
    const before = tf.memory().numTensors;
    await expect(program.run(all)).rejects.toThrow(
      'the step of descent turns state[0] from float32 [3] into float32 [4]',
    );
    expect(tf.memory().numTensors).toBe(before);
    const boolean = await engine.compile({
      ...descent,
      step: ({ state }) => ({ state, outputs: [tf.greater(state[0] as Tensor, 0)] }),
    });
    await expect(boolean.run(all)).rejects.toThrow('outputs[0] of descent is bool');
    expect(tf.memory().numTensors).toBe(before);
  });

  test('gives the event loop its turn', async () => {
    const program = await engine.compile({
      name: 'slow',
      state: [float32(1)],
      constants: [],
      perStep: [],
      step({ state }) {
        const until = performance.now() + 30;
        while (performance.now() < until);
        return { state, outputs: [] };
      },
    });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await program.run({ steps: 5, state: [floats([1], 0)] });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });
});
