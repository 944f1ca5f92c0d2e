import { readFileSync } from 'node:fs';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { openCompiledEngine } from '../../../src/engine/compile/index.ts';
import type { Engine, NdArray } from '../../../src/engine/program.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { crossEntropy } from '../../../src/models/loss.ts';
import { costProgram, decode, referenceCases } from './compile/reference-cases.ts';

interface StoredCase {
  readonly network: 'mlp' | 'cnn';
  readonly activation: 'sigmoid' | 'tanh' | 'relu';
  readonly pool: 'avg' | 'max' | null;
  readonly cost: 'l2' | 'cos' | 'unroll5';
  readonly learningRate: number | null;
  readonly labels: number[];
  readonly inputShape: number[];
  readonly params: { shape: number[]; values: number[] }[];
  readonly target: number[];
  readonly x: number[];
  readonly value: number;
  readonly gradient: number[];
}

const stored = JSON.parse(
  readFileSync(new URL('../../../fixtures/gradients/second-order.json', import.meta.url), 'utf8'),
).cases as StoredCase[];
const shared = referenceCases();

const activations = { sigmoid: tf.sigmoid, tanh: tf.tanh, relu: tf.relu };

function logits(
  { network, activation, pool }: StoredCase,
  w: readonly Tensor[],
  x: Tensor,
): Tensor {
  const act = activations[activation] as (x: Tensor) => Tensor;
  const dense = (h: Tensor, at: number) =>
    tf.add(tf.matMul(h, w[at] as Tensor), w[at + 1] as Tensor);
  if (network === 'mlp') return dense(act(dense(act(dense(x, 0)), 2)), 4);
  const pooling = pool === 'avg' ? tf.avgPool : tf.maxPool;
  const block = (h: Tensor, at: number) => {
    const z = tf.conv2d(h as Tensor4D, w[at] as Tensor4D, 1, 'same');
    return pooling(act(tf.add(z, w[at + 1] as Tensor)) as Tensor4D, 2, 2, 'valid');
  };
  const features = block(block(x, 0), 2);
  return dense(tf.reshape(features, [x.shape[0] as number, -1]), 4);
}

async function costAndGradient(engine: Engine, reference: StoredCase) {
  const { cost, learningRate, labels, params } = reference;
  const shape = [labels.length, ...reference.inputShape];
  const floats = (values: number[], ofShape: number[]): NdArray => ({
    shape: ofShape,
    data: Float32Array.from(values),
  });
  const float32 = (ofShape: number[]) => ({ shape: ofShape, dtype: 'float32' as const });
  const gradients = (w: readonly Tensor[], x: Tensor, y: Tensor) =>
    tf.grads((...p: Tensor[]) => crossEntropy(logits(reference, p, x), y))([...w]);
  const observed = (w: readonly Tensor[], x: Tensor, y: Tensor) => {
    if (cost !== 'unroll5') return gradients(w, x, y);
    let current = [...w];
    for (let step = 0; step < 5; step++) {
      const slopes = gradients(current, x, y);
      current = current.map((p, at) =>
        tf.sub(p, tf.mul(learningRate as number, slopes[at] as Tensor)),
      );
    }
    return current.map((p, at) => tf.sub(p, w[at] as Tensor));
  };
  const dot = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
    tf.addN(a.map((part, at) => tf.sum(tf.mul(part, b[at] as Tensor))));
  const program = await engine.compile({
    name: 'second-order',
    state: [float32(shape)],
    constants: [
      float32(shape),
      { shape: [labels.length], dtype: 'int32' },
      ...params.map((param) => float32(param.shape)),
    ],
    perStep: [],
    step({ state, constants }) {
      const [target, y, ...w] = constants as [Tensor, Tensor, ...Tensor[]];
      const wanted = observed(w, target, y);
      const { value, grad } = tf.valueAndGrad((x: Tensor) => {
        const got = observed(w, x, y);
        if (cost === 'cos')
          return tf.sub(
            1,
            tf.div(dot(got, wanted), tf.sqrt(tf.mul(dot(got, got), dot(wanted, wanted)))),
          );
        const difference = got.map((part, at) => tf.sub(part, wanted[at] as Tensor));
        return dot(difference, difference);
      })(state[0] as Tensor);
      return { state, outputs: [value, grad] };
    },
  });
  const { outputs } = await program.run({
    steps: 1,
    state: [floats(reference.x, shape)],
    constants: [
      floats(reference.target, shape),
      { shape: [labels.length], data: Int32Array.from(labels) },
      ...params.map((param) => floats(param.values, param.shape)),
    ],
  });
  return outputs;
}

function relativeError(got: ArrayLike<number> | undefined, exact: ArrayLike<number>): number {
  const differences = Array.from(exact, (value, at) => value - (got?.[at] as number));
  return Math.hypot(...differences) / Math.hypot(...Array.from(exact));
}

const compiled = await openCompiledEngine();
if ('unavailable' in compiled)
  console.warn(`Second-order gradients are not checked on it: ${compiled.unavailable}`);
const engines = [
  'wasm',
  'cpu',
  ...('unavailable' in compiled ? [] : ['compiled' as const]),
] as const;

describe.each(engines)('second-order gradients on %s', (id) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ prefer: id });
  });

  test.each(stored)('own float64: $network $activation $pool $cost', async (reference) => {
    const [value, gradient] = await costAndGradient(engine, reference);
    expect(relativeError(value?.data, [reference.value])).toBeLessThan(1e-3);
    expect(relativeError(gradient?.data, reference.gradient)).toBeLessThan(1e-3);
  });

  if (shared.length === 0)
    test.skip('shared float64 references: ../shared/data/gradients is absent', () => {});
  for (const reference of shared)
    test(`shared float64: ${reference.name} ${reference.cost}`, async () => {
      const program = await engine.compile(costProgram(reference));
      const constants = [reference.x_target, ...reference.params].map(decode);
      const run = { steps: 1, state: [decode(reference.x0)], constants };
      const [value, gradient] = (await program.run(run)).outputs;
      expect(relativeError(value?.data, [reference.value])).toBeLessThan(1e-4);
      expect(relativeError(gradient?.data, decode(reference.grad).exact)).toBeLessThan(1e-4);
    });
});
