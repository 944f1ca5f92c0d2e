import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, test, vi } from 'vitest';
import {
  ImpureStep,
  openCompiledEngine,
  UntraceableOperation,
} from '../../../../src/engine/compile/index.ts';
import { EagerEngine } from '../../../../src/engine/eager.ts';
import type { Engine, NdArray, ProgramDefinition } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { expectClose, normal } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

const engine = (await openTestEngine()) as Engine;
const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
const STEPS = 9;

/** Momentum SGD on a softmax regression; the data is constant, batches are drawn per step. */
const regression: ProgramDefinition = {
  name: 'regression',
  state: [float(6, 3), float(3), float(6, 3)],
  constants: [float(20, 6), { shape: [20], dtype: 'int32' }],
  perStep: [{ shape: [4], dtype: 'int32' }, float()],
  step({ state, constants, perStep }) {
    const [weight, bias, velocity] = state as [Tensor2D, Tensor1D, Tensor2D];
    const [images, labels] = constants as [Tensor2D, Tensor1D];
    const [batch, rate] = perStep as [Tensor1D, Scalar];
    const x = tf.gather(images, batch);
    const y = tf.oneHot(tf.gather(labels, batch), 3);
    const loss = (w: Tensor, b: Tensor) =>
      tf.neg(tf.mean(tf.mul(y, tf.logSoftmax(tf.add(tf.matMul(x, w as Tensor2D), b))))) as Scalar;
    const { value, grads } = tf.valueAndGrads(loss)([weight, bias]);
    const moved = tf.add(tf.mul(0.9, velocity), grads[0] as Tensor);
    return {
      state: [
        tf.sub(weight, tf.mul(rate, moved)),
        tf.sub(bias, tf.mul(rate, grads[1] as Tensor)),
        moved,
      ],
      outputs: [value, tf.argMax(tf.matMul(x, weight), 1)],
    };
  },
};

function regressionArguments() {
  const random = randomStream('regression');
  const integers = (shape: number[], bound: number): NdArray => ({
    shape,
    data: Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      random.integer(bound),
    ),
  });
  return {
    steps: STEPS,
    state: regression.state.map(({ shape }) => normal(shape, random)),
    constants: [normal([20, 6], random), integers([20], 3)],
    perStep: [integers([STEPS, 4], 20), normal([STEPS], random)],
  };
}

const part = ({ shape, data }: NdArray, from: number, steps: number): NdArray => {
  const size = data.length / (shape[0] as number);
  return {
    shape: [steps, ...shape.slice(1)],
    data: data.slice(from * size, (from + steps) * size),
  };
};

const open = async (options: Parameters<typeof openCompiledEngine>[0]): Promise<Engine> => {
  const opened = await openCompiledEngine(options);
  if ('unavailable' in opened) throw new Error(opened.unavailable);
  return opened;
};

/** A step of one tensor in and out. */
const simple = (step: (x: Tensor) => Tensor): ProgramDefinition => ({
  name: 'simple',
  state: [float(4)],
  constants: [],
  perStep: [],
  step: ({ state }) => ({ state: [...state], outputs: [step(state[0] as Tensor)] }),
});
const four = { steps: 1, state: [{ shape: [4], data: Float32Array.of(3, 1, 2, 1) }] };

describe.skipIf(!engine)('compiled programs', () => {
  test('a loop of K steps is bitwise the same as K runs of one step, in any division', async () => {
    const args = regressionArguments();
    const program = await engine.compile(regression);
    const whole = await program.run(args);
    for (const division of [Array(STEPS).fill(1), [2, 5, 2]] as number[][]) {
      let state: readonly NdArray[] = args.state;
      const outputs: NdArray[][] = [];
      let from = 0;
      for (const steps of division) {
        const perStep = args.perStep.map((array) => part(array, from, steps));
        const result = await program.run({ ...args, steps, state, perStep });
        state = result.state;
        outputs.push([...result.outputs]);
        from += steps;
      }
      expect(state).toEqual(whole.state);
      whole.outputs.forEach((output, at) => {
        expect(outputs.flatMap((chunk) => [...(chunk[at] as NdArray).data])).toEqual([
          ...output.data,
        ]);
      });
    }
    program.dispose();
  });

  test('the length of a call into the runtime leaves no trace in the result', async () => {
    const args = regressionArguments();
    const results = await Promise.all(
      [1e-6, 1e6].map(async (chunkMilliseconds) => {
        const program = await (await open({ chunkMilliseconds })).compile(regression);
        await program.run(args);
        return program.run(args);
      }),
    );
    expect(results[0]).toEqual(results[1]);
  });

  test('others get their turn between the calls of a long run', async () => {
    const program = await (await open({ chunkMilliseconds: 1e-6 })).compile(simple(tf.square));
    let turns = 0;
    const timer = setInterval(() => {
      turns++;
    });
    await program.run({ ...four, steps: 400 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  test('agrees with the eager engine over a run, and leaves its arguments alone', async () => {
    const args = regressionArguments();
    const before = structuredClone(args);
    const eager = await new EagerEngine('cpu', 'cpu', '').compile(regression);
    const [got, wanted] = [
      await (await engine.compile(regression)).run(args),
      await eager.run(args),
    ];
    expect(args).toEqual(before);
    wanted.state.forEach((array, at) => {
      expectClose(got.state[at] as NdArray, array, `state ${at}`);
    });
    expectClose(got.outputs[0] as NdArray, wanted.outputs[0] as NdArray, 'losses');
    expect(got.outputs[1]).toEqual(wanted.outputs[1]);
  });

  test('state that swaps, stays or is new; outputs that repeat or are constant', async () => {
    const definition: ProgramDefinition = {
      name: 'swap',
      state: [float(2), float(2), float(2), float(2)],
      constants: [float(2)],
      perStep: [],
      step: ({ state: [a, b, c], constants: [k] }) => ({
        state: [b, a, c, tf.fill([2], 7)] as Tensor[],
        outputs: [a, a, k, tf.scalar(2), tf.add(k as Tensor, 1)] as Tensor[],
      }),
    };
    const vector = (...data: number[]): NdArray => ({ shape: [2], data: Float32Array.from(data) });
    const program = await engine.compile(definition);
    const { state, outputs } = await program.run({
      steps: 3,
      state: [vector(1, 2), vector(3, 4), vector(5, 6), vector(0, 0)],
      constants: [vector(8, 9)],
    });
    expect(state.map(({ data }) => [...data])).toEqual([
      [3, 4],
      [1, 2],
      [5, 6],
      [7, 7],
    ]);
    expect(outputs.map(({ data }) => [...data])).toEqual([
      [1, 2, 3, 4, 1, 2],
      [1, 2, 3, 4, 1, 2],
      [8, 9, 8, 9, 8, 9],
      [2, 2, 2],
      [9, 10, 9, 10, 9, 10],
    ]);
  });

  test('a definition is compiled once while someone uses it', async () => {
    const definition = simple((x) => tf.square(x));
    const step = vi.spyOn(definition, 'step');
    const [first, second] = await Promise.all([
      engine.compile(definition),
      engine.compile(definition),
    ]);
    expect(step).toHaveBeenCalledTimes(1);
    first.dispose();
    expect([...((await second.run(four)).outputs[0]?.data ?? [])]).toEqual([9, 1, 4, 1]);
    await expect(first.run(four)).rejects.toThrow('simple has been disposed');
    second.dispose();
    await engine.compile(definition);
    expect(step).toHaveBeenCalledTimes(2);
  });

  test("leaves tfjs's backend and randomness as they were", async () => {
    await tf.setBackend('cpu');
    const { random } = Math;
    await engine.compile(simple((x) => tf.tanh(x)));
    expect(tf.getBackend()).toBe('cpu');
    expect(Math.random).toBe(random);
    expect([...tf.add([1, 2], 1).dataSync()]).toEqual([2, 3]);
  });
});

describe.skipIf(!engine)('steps that cannot be compiled', () => {
  test('an operation without a kernel runs on the fallback, named once', async () => {
    const warn = vi.fn();
    const fallback = vi.fn(async () => new EagerEngine('cpu', 'cpu', ''));
    const falling = await open({ warn, fallback });
    const definition = simple((x) => tf.cumprod(x));
    const result = await (await falling.compile(definition)).run(four);
    await falling.compile(simple((x) => tf.cumprod(x, 0)));
    expect([...(result.outputs[0]?.data ?? [])]).toEqual([3, 3, 6, 6]);
    expect(fallback).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toMatch(
      /simple .*Cumprod at .*program\.test\.ts:\d+.*engine cpu/,
    );
  });

  test('without a fallback the error names the operation and the line', async () => {
    const compiling = engine.compile(simple((x) => tf.grad((y) => tf.mul(y, tf.cumprod(y)))(x)));
    await expect(compiling).rejects.toThrow(UntraceableOperation);
    await expect(compiling).rejects.toThrow(/Cumprod at .*program\.test\.ts:\d+:\d+/);
  });

  test.each<[string, (x: Tensor) => Tensor, RegExp]>([
    [
      'reads numbers',
      (x) => tf.mul(x, x.dataSync()[0] as number),
      /reads a tensor's numbers.*dataSync at/,
    ],
    [
      'draws random numbers',
      (x) => tf.add(x, tf.randomNormal([4])),
      /draws random numbers.*randomNormal at/,
    ],
    ['drops out', (x) => tf.dropout(x, 0.5), /draws random numbers.*randomUniform at/],
    ['uses Math.random', (x) => tf.mul(x, Math.random()), /draws random numbers.*Math\.random at/],
  ])('a step that %s', async (_, step, message) => {
    const compiling = (await open({ fallback: async () => engine })).compile(simple(step));
    await expect(compiling).rejects.toThrow(ImpureStep);
    await expect(compiling).rejects.toThrow(message);
    await expect(compiling).rejects.toThrow(/program\.test\.ts:\d+/);
  });

  test('a result whose shape depends on numbers', async () => {
    const compiling = engine.compile(simple((x) => tf.unique(x).values));
    await expect(compiling).rejects.toThrow(UntraceableOperation);
    await expect(compiling).rejects.toThrow(
      /the shape of its result depends on numbers.*Unique at .*program\.test\.ts:\d+:\d+/,
    );
  });

  test.each<[string, (x: Tensor) => Tensor, RegExp]>([
    ['a matrix product', (x) => tf.matMul(x as Tensor2D, x as Tensor2D), /\[4\].*BatchMatMul at/],
    ['a sum', (x) => tf.add(x, tf.tensor1d([1, 2, 3])), /\[4\] and \[3\].*Add at/],
  ])('shapes that do not fit, in %s', async (_, step, message) => {
    const compiling = engine.compile(simple(step));
    await expect(compiling).rejects.toThrow(TypeError);
    await expect(compiling).rejects.toThrow(message);
    await expect(compiling).rejects.toThrow(/program\.test\.ts:\d+/);
  });

  test('a step that closes over a tensor', async () => {
    const outside = tf.tensor([1, 2, 3, 4]);
    const steps = [
      (x: Tensor) => tf.mul(x, outside),
      (x: Tensor) => tf.mul(x, outside.dataSync()[0] as number),
    ];
    for (const step of steps)
      await expect(engine.compile(simple(step))).rejects.toThrow(
        /a tensor made outside the step; pass it as a constant.*program\.test\.ts:\d+/,
      );
  });

  test('a step whose state changes its shape', async () => {
    const definition: ProgramDefinition = {
      ...simple((x) => x),
      step: ({ state }) => ({ state: [tf.sum(state[0] as Tensor)], outputs: [] }),
    };
    await expect(engine.compile(definition)).rejects.toThrow(TypeError);
    await expect(engine.compile(definition)).rejects.toThrow(/state\[0\]/);
  });

  test('arguments that do not fit are named', async () => {
    const program = await engine.compile(regression);
    const args = regressionArguments();
    const wrong = [
      { ...args, steps: 0 },
      { ...args, state: args.state.slice(1) },
      { ...args, constants: [normal([20, 5], randomStream(0)), args.constants[1] as NdArray] },
      { ...args, perStep: args.perStep.map((array) => part(array, 0, 2)) },
    ];
    for (const bad of wrong) await expect(program.run(bad)).rejects.toThrow(TypeError);
    await expect(program.run(wrong[2] as typeof args)).rejects.toThrow(/constants\[0\]/);
  });
});
