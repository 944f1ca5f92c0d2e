import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import { lenet5 } from '../../../src/models/lenet-5.ts';
import { lora, loraSize } from '../../../src/models/lora.ts';
import { mlp2fc } from '../../../src/models/mlp-2fc.ts';
import type { Model } from '../../../src/models/model.ts';
import { openTestEngine } from '../engine/compile/open-test-engine.ts';
import { centringRegression } from '../federation/centring.ts';
import { clouds, softmaxRegression } from '../federation/toy.ts';

beforeAll(async () => {
  await openEngine({ prefer: 'cpu' });
});

const frozenOf = (model: Model, seed: number) =>
  model.initialize(randomStream(seed).derive('frozen-base'));

function logits(model: Model, flat: Float32Array, inputs: Tensor): Float32Array {
  const parameters = model.layout.split(flat).map(({ shape, data }) => tf.tensor(data, [...shape]));
  return model.logits(parameters, inputs).dataSync() as Float32Array;
}

describe('LoRA', () => {
  test('has r (inputs + outputs) parameters per dense and convolutional weight', () => {
    // 25+6, 150+16, 400+120, 120+84 and 84+10.
    expect(loraSize(lenet5.layout, 4)).toBe(4 * (31 + 166 + 520 + 204 + 94));
    expect(lora(lenet5, { rank: 4 }, randomStream(1)).layout.size).toBe(4060);
    expect(lora(mlp2fc, { rank: 8 }, randomStream(1)).layout.size).toBe(8 * (784 + 100 + 100 + 10));
  });

  test.each([lenet5, mlp2fc])('$id starts as its frozen base', (model) => {
    const adapted = lora(model, { rank: 3 }, randomStream(2));
    const images = tf.randomUniform([2, 28, 28, 1], 0, 1, 'float32', 3);
    const start = adapted.initialize(randomStream(4));
    expect(logits(adapted, start, images)).toEqual(logits(model, frozenOf(model, 2), images));
    expect(start.some((value) => value !== 0)).toBe(true);
  });

  test('adds α/r · A B to the weight', () => {
    const adapted = lora(softmaxRegression, { rank: 1, alpha: 2 }, randomStream(5));
    // A = (1, 2, 3, 4)ᵀ, B = (.1, .2, .3).
    const flat = Float32Array.of(1, 2, 3, 4, 0.1, 0.2, 0.3);
    const merged = frozenOf(softmaxRegression, 5);
    for (let input = 0; input < 4; input++)
      for (let output = 0; output < 3; output++)
        merged[3 * input + output] =
          (merged[3 * input + output] as number) + 2 * (input + 1) * 0.1 * (output + 1);
    const inputs = tf.tensor2d([[0.5, -1, 2, 0.25]]);
    const [found, expected] = [
      logits(adapted, flat, inputs),
      logits(softmaxRegression, merged, inputs),
    ];
    found.forEach((logit, at) => {
      expect(logit).toBeCloseTo(expected[at] as number, 5);
    });
  });

  test('trains, the same way compiled as step by step', async ({ skip }) => {
    const adapted = lora(softmaxRegression, { rank: 2 }, randomStream(6));
    const task = {
      start: adapted.initialize(randomStream(7)),
      samples: clouds(60, randomStream(8)),
      epochs: 20,
      learningRate: 0.5,
      random: randomStream(9),
      signal: new AbortController().signal,
    };
    const stepwise = localTraining(await openEngine({ prefer: 'cpu' }), adapted, 10);
    const trained = await stepwise.train(task);
    const test = clouds(300, randomStream(10));
    // Three clouds: a guess is right in a third of cases.
    expect(await stepwise.accuracy(trained, test, task.signal)).toBeGreaterThan(0.8);
    const engine = await openTestEngine();
    if (!engine) return skip();
    const compiled = await localTraining(engine, adapted, 10).train(task);
    // 120 steps in float32.
    compiled.forEach((weight, at) => {
      expect(weight).toBeCloseTo(trained[at] as number, 4);
    });
  });

  test('exchanges the buffers of batch norm, and moves them in training', () => {
    const base: Model = {
      ...centringRegression,
      initialize: (random) => Float32Array.from({ length: 19 }, () => random.normal()),
    };
    const adapted = lora(base, { rank: 2 }, randomStream(11));
    expect(adapted.layout.size).toBe(2 * (4 + 3) + 4);
    const frozen = frozenOf(base, 11);
    const start = adapted.initialize(randomStream(12));
    expect(start.subarray(14)).toEqual(frozen.subarray(15));
    const inputs = tf.tensor2d([0, 1, 2, 3, 4, 5, 6, 7], [2, 4]);
    const present = tf.tensor1d([1, 0]);
    const tensors = (model: Model, flat: Float32Array) =>
      model.layout.split(flat).map(({ shape, data }) => tf.tensor(data, [...shape]));
    const pass = adapted.trainingPass?.(tensors(adapted, start), inputs, present);
    const expected = base.trainingPass?.(tensors(base, frozen), inputs, present);
    expect(pass?.logits.dataSync()).toEqual(expected?.logits.dataSync());
    expect(pass?.buffers[0]?.dataSync()).toEqual(expected?.buffers[0]?.dataSync());
    expect(pass?.buffers[0]?.dataSync()).not.toEqual(start.subarray(14));
    expect(logits(adapted, start, inputs)).toEqual(logits(base, frozen, inputs));
  });

  test('refuses ranks that are no whole number from 1', () => {
    expect(() => lora(lenet5, { rank: 0 }, randomStream(1))).toThrow('rank 0');
    expect(() => lora(lenet5, { rank: 1.5 }, randomStream(1))).toThrow('rank 1.5');
  });
});
