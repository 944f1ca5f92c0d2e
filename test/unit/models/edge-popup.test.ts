import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import { edgePopup } from '../../../src/models/edge-popup.ts';
import { lenet5 } from '../../../src/models/lenet-5.ts';
import { mlp } from '../../../src/models/mlp.ts';
import { openTestEngine } from '../engine/compile/open-test-engine.ts';
import { clouds, softmaxRegression } from '../federation/toy.ts';

beforeAll(async () => {
  await openEngine({ prefer: 'cpu' });
});

/** Signs of the frozen weights of a model made with the stream of this seed. */
function signsOf(seed: number, size: number): number[] {
  const random = randomStream(seed).derive('frozen-signs');
  return Array.from({ length: size }, () => (random.uniform() < 0.5 ? -1 : 1));
}

describe('edge-popup', () => {
  test('has a score per weight and none per bias', () => {
    const model = edgePopup(lenet5, 0.5, randomStream(1));
    expect(model.layout.size).toBe(61_706 - (6 + 16 + 120 + 84 + 10));
    expect(model.layout.entries.map(({ name }) => name)).toEqual(
      ['conv1', 'conv2', 'conv3', 'fc4', 'fc5'].map((layer) => `${layer}.weight`),
    );
  });

  test('uses the weights of the highest scores, at ±√(2/fan-in)', () => {
    const model = edgePopup(softmaxRegression, 0.5, randomStream(2));
    // Scores 0, -1, 2, -3, …: the six even positions are the highest, in spite of their size.
    const scores = Float32Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? at : -at));
    const signs = signsOf(2, 12);
    const input = [0.5, -1, 2, 0.25];
    const expected = [0, 1, 2].map((output) =>
      input.reduce((sum, value, row) => {
        const edge = 3 * row + output;
        const weight = edge % 2 === 0 ? (signs[edge] as number) * Math.sqrt(2 / 4) : 0;
        return sum + value * weight;
      }, 0),
    );
    const found = model.logits([tf.tensor(scores, [4, 3])], tf.tensor2d([input])).dataSync();
    expected.forEach((logit, at) => {
      expect(found[at]).toBeCloseTo(logit, 5);
    });
  });

  test('keeps all but ⌊(1 − kept) n⌋ edges', () => {
    for (const [kept, count] of [
      [1, 12],
      [0.5, 6],
      [0.3, 4],
      [0.01, 1],
    ] as const) {
      const model = edgePopup(softmaxRegression, kept, randomStream(3));
      const scores = tf.tensor(model.initialize(randomStream(4)), [4, 3]);
      let used = 0;
      for (let row = 0; row < 4; row++) {
        const unit = tf.cast(tf.oneHot(tf.tensor1d([row], 'int32'), 4), 'float32');
        used += model
          .logits([scores], unit)
          .dataSync()
          .filter((value) => value !== 0).length;
      }
      expect(used).toBe(count);
    }
  });

  test('passes the gradient of a weight straight to its score, used or not', () => {
    const model = edgePopup(softmaxRegression, 0.5, randomStream(5));
    const signs = signsOf(5, 12);
    const input = [0.5, -1, 2, 0.25];
    const slope = tf.grad((scores: Tensor) => tf.sum(model.logits([scores], tf.tensor2d([input]))));
    const gradient = slope(tf.tensor(model.initialize(randomStream(6)), [4, 3])).dataSync();
    // ∂(Σ logits)/∂(edge in use) = input of its row, times the frozen weight.
    gradient.forEach((value, edge) => {
      const frozen = (signs[edge] as number) * Math.sqrt(1 / 2);
      expect(value).toBeCloseTo((input[Math.floor(edge / 3)] as number) * frozen, 5);
    });
  });

  test('trains a hidden layer by scores alone, the same way compiled', async ({ skip }) => {
    const base = mlp({
      ...{ id: 'wide', title: 'Wide', source: 'a test', inputShape: [4], hidden: [64], classes: 3 },
      activation: 'relu',
    });
    const model = edgePopup(base, 0.5, randomStream(7));
    const task = {
      start: model.initialize(randomStream(8)),
      samples: clouds(90, randomStream(9)),
      epochs: 15,
      learningRate: 0.4,
      random: randomStream(10),
      signal: new AbortController().signal,
    };
    const stepwise = localTraining(await openEngine({ prefer: 'cpu' }), model, 10);
    const test = clouds(300, randomStream(11));
    const trained = await stepwise.train(task);
    const accuracy = await stepwise.accuracy(trained, test, task.signal);
    expect(accuracy).toBeGreaterThan(0.8);
    const engine = await openTestEngine();
    if (!engine) return skip();
    const compiled = localTraining(engine, model, 10);
    // One epoch: a choice of edges that flips by rounding would part two longer trainings.
    const [a, b] = [
      await compiled.train({ ...task, epochs: 1 }),
      await stepwise.train({ ...task, epochs: 1 }),
    ];
    a.forEach((score, at) => {
      expect(score).toBeCloseTo(b[at] as number, 4);
    });
  });

  test('refuses models with vectors of weights, and shares out of range', () => {
    expect(() => edgePopup(lenet5, 0, randomStream(1))).toThrow('share of 0');
    const entries = softmaxRegression.layout.entries.map((entry) => ({
      ...entry,
      kind: 'weight' as const,
    }));
    const scaled = { ...softmaxRegression, layout: { ...softmaxRegression.layout, entries } };
    expect(() => edgePopup(scaled as never, 0.5, randomStream(1))).toThrow('fc.bias is no matrix');
  });
});
