import '@tensorflow/tfjs-backend-cpu';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Trace, traceStep } from '../../../../src/engine/compile/trace.ts';
import type { ProgramDefinition, StepArguments } from '../../../../src/engine/program.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { withTensorsFromInside } from '../../../../src/engine/tensors-from-inside.ts';

afterEach(() => void vi.restoreAllMocks());

const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });
const program = (step: ProgramDefinition['step']): ProgramDefinition => ({
  name: 'recorded',
  state: [float(3, 4), float(4, 4)],
  constants: [float(4)],
  perStep: [],
  step,
});

/** Time passes so fast that there is one for every operation. */
function inManyInstalments(): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 1000;
    return now;
  });
}

interface Traced {
  readonly operations: string[];
  readonly results: string[];
  readonly instalments: number;
}

function traced(definition: ProgramDefinition, between = () => {}): Traced {
  const work = traceStep(definition);
  let instalments = 1;
  let step = work.next();
  for (; !step.done; step = work.next()) {
    instalments++;
    between();
  }
  const { graph, nextState, outputs } = step.value as Trace;
  const operations = graph.nodes.map(
    ({ op, inputs, outputs: made, attributes }) =>
      `${made.map(({ name, shape }) => `${name}[${shape}]`)} = ${op} ${inputs.map(({ name }) => name)} ${JSON.stringify(attributes)}`,
  );
  return { operations, results: [...nextState, ...outputs].map(({ name }) => name), instalments };
}

/** A value of log-softmax (a gradient of tfjs's own), of two parts of which one is not used. */
function loss(x: Tensor, w: Tensor, shift: Tensor): Scalar {
  const hidden = tf.tanh(tf.add(tf.matMul(x as Tensor2D, w as Tensor2D), shift));
  const [first] = tf.split(hidden, 2, 1) as [Tensor, Tensor];
  // Freed, though tanh's gradient has saved it.
  hidden.dispose();
  return tf.neg(tf.sum(tf.mul(tf.logSoftmax(first), tf.tensor2d([[1, 2]])))) as Scalar;
}

/** Two steps of training inside a gradient, which also brings a tensor out and counts what it does. */
function unrolled({ state, constants: [shift] }: StepArguments) {
  const [x, w] = state as [Tensor, Tensor];
  let steps = 0;
  const { grad, hidden } = withTensorsFromInside((bringOut) => {
    let hidden = x;
    const grad = tf.grad((image: Tensor) => {
      let weights = w;
      steps = 0;
      for (; steps < 2; steps++) {
        const slope = tf.grad((v: Tensor) => loss(image, v, shift as Tensor))(weights);
        weights = tf.sub(weights, tf.mul(slope, 0.1));
      }
      hidden = bringOut(tf.matMul(image as Tensor2D, weights as Tensor2D));
      const square = tf.square(tf.sub(weights, w));
      const distance = tf.sum(square);
      square.dispose();
      return distance;
    })(x);
    return { grad, hidden };
  });
  const another = tf.grad((v: Tensor) => tf.mean(tf.square(tf.mul(v, steps))))(w);
  return { state: [tf.add(x, grad), another], outputs: [hidden] };
}

describe('a recording in instalments', () => {
  test('is the one without interruption', () => {
    const whole = traced(program(unrolled));
    inManyInstalments();
    const parts = traced(program(unrolled));
    expect(whole.instalments).toBeLessThan(5);
    expect(parts.instalments).toBeGreaterThan(100);
    expect(parts.operations).toEqual(whole.operations);
    expect(parts.results).toEqual(whole.results);
  });

  test('leaves tfjs to others in between, also to other recordings', async () => {
    await tf.setBackend('cpu');
    const { numTensors } = tf.memory();
    const whole = traced(program(unrolled));
    inManyInstalments();
    const square = tf.grad((x: Tensor) => tf.sum(tf.square(x)));
    const other = traceStep(program(unrolled));
    const parts = traced(program(unrolled), () => {
      other.next();
      const [slope] = tf.tidy(() => square(tf.scalar(3)).dataSync());
      expect(slope).toBe(6);
    });
    expect(parts.operations).toEqual(whole.operations);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('goes on where a step catches everything', () => {
    const careless = ({ state, constants }: StepArguments) => {
      try {
        return unrolled({ state, constants, perStep: [] });
      } catch {
        return { state, outputs: [] };
      }
    };
    const whole = traced(program(unrolled));
    inManyInstalments();
    expect(traced(program(careless)).operations).toEqual(whole.operations);
  });
});

describe('gradients that tfjs cannot give', () => {
  const failing = (f: (x: Tensor) => Tensor) =>
    traced(program(({ state }) => ({ state: [tf.grad(f)(state[0] as Tensor)], outputs: [] })));

  test('name the operation and the line', () => {
    expect(() => failing((x) => tf.sum(tf.topk(x, 2).values))).toThrow(
      /tfjs knows no gradient of it \(operation TopK at .*recording\.test\.ts:\d+:\d+\)/,
    );
    expect(() => failing(() => tf.scalar(1))).toThrow(
      /the function's value depends on none of them \(operation grad at .*recording\.test\.ts:\d+/,
    );
  });
});
