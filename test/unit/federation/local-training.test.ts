import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import {
  DivergenceError,
  type LocalTraining,
  localTraining,
} from '../../../src/federation/local-training.ts';
import { centringRegression } from './centring.ts';
import { closedFormGradient, clouds, softmaxRegression } from './toy.ts';

const signal = new AbortController().signal;
const samples = clouds(10, randomStream(1, 'samples'));
const start = softmaxRegression.initialize(randomStream(2, 'start'));
const all = [...Array(10).keys()];

function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - (b[at] as number))));
}

describe('training on one client', () => {
  let engine: Engine;
  let training: LocalTraining;
  beforeAll(async () => {
    engine = await openEngine({ prefer: 'cpu' });
    training = localTraining(engine, softmaxRegression, 4);
  });

  test('takes the SGD steps of its shuffled batches, the last one smaller', async () => {
    const random = randomStream(3, 'shuffle');
    const trained = await training.train({
      start,
      samples,
      epochs: 2,
      learningRate: 0.5,
      random,
      signal,
    });
    const expected = Float64Array.from(start);
    for (let epoch = 0; epoch < 2; epoch++) {
      const order = random.derive('epoch', epoch).permutation(10);
      for (const [from, to] of [
        [0, 4],
        [4, 8],
        [8, 10],
      ]) {
        const gradient = closedFormGradient(expected, samples, order.slice(from, to));
        gradient.forEach((slope, at) => {
          expected[at] = (expected[at] as number) - 0.5 * slope;
        });
      }
    }
    expect(largestGap(trained, expected)).toBeLessThan(1e-6);
  });

  test('gives the gradient over the full local set', async () => {
    const gradient = await training.gradient(start, samples);
    expect(largestGap(gradient, closedFormGradient(start, samples, all))).toBeLessThan(1e-6);
  });

  test('steps through a local set of one image as often as it has epochs', async () => {
    const one = clouds(1, randomStream(4, 'probe'));
    const trained = await training.train({
      start,
      samples: one,
      epochs: 5,
      learningRate: 0.1,
      random: randomStream(5),
      signal,
    });
    const expected = Float64Array.from(start);
    for (let step = 0; step < 5; step++)
      closedFormGradient(expected, one, [0]).forEach((slope, at) => {
        expected[at] = (expected[at] as number) - 0.1 * slope;
      });
    expect(largestGap(trained, expected)).toBeLessThan(1e-6);
  });

  test('measures accuracy over a set that fills no whole number of batches', async () => {
    const many = clouds(2_150, randomStream(6, 'many'));
    const weights = Float32Array.from({ length: 15 }, (_, at) =>
      at < 12 && Math.floor(at / 3) === at % 3 ? 1 : 0,
    );
    let right = 0;
    for (let sample = 0; sample < many.count; sample++) {
      const [a, b, c] = many.inputs.subarray(4 * sample, 4 * sample + 3) as unknown as [
        number,
        number,
        number,
      ];
      const largest = a >= b && a >= c ? 0 : b >= c ? 1 : 2;
      if (largest === many.labels[sample]) right++;
    }
    expect(await training.accuracy(weights, many, signal)).toBe(right / many.count);
    expect(right / many.count).toBeGreaterThan(0.9);
  });

  test('does not touch what it is given, and compiles once per model and batch size', async () => {
    const before = start.slice();
    await training.gradient(start, samples);
    expect(start).toEqual(before);
    expect(localTraining(engine, softmaxRegression, 4)).toBe(training);
    expect(localTraining(engine, softmaxRegression, 5)).not.toBe(training);
  });

  test('takes FedProx steps towards the model it started from', async () => {
    const one = clouds(3, randomStream(8, 'few'));
    const trained = await training.train({
      ...{ start, samples: one, epochs: 2, learningRate: 0.5, proximal: 4, signal },
      random: randomStream(9),
    });
    const expected = Float64Array.from(start);
    for (let step = 0; step < 2; step++)
      closedFormGradient(expected, one, [0, 1, 2]).forEach((slope, at) => {
        const stepped = (expected[at] as number) - 0.5 * slope;
        // (w − η ∇F + ημ w_{t-1}) / (1 + ημ)
        expected[at] = (stepped + 2 * (start[at] as number)) / 3;
      });
    expect(largestGap(trained, expected)).toBeLessThan(1e-6);
  });

  test("ends where FedProx's objective is stationary: ∇F(w) = −μ (w − w_{t-1})", async () => {
    const task = { start, samples: clouds(4, randomStream(10, 'few')), learningRate: 0.5, signal };
    const random = randomStream(11);
    const trained = await training.train({ ...task, epochs: 400, proximal: 0.5, random });
    const gradient = closedFormGradient(trained, task.samples, [0, 1, 2, 3]);
    const pull = Array.from(trained, (weight, at) => -0.5 * (weight - (start[at] as number)));
    expect(largestGap(gradient, pull)).toBeLessThan(1e-5);
    expect(Math.max(...pull.map(Math.abs))).toBeGreaterThan(0.05);
  });

  test('minimises the quadratic that F is near w_{t-1} under a strong proximal term', async () => {
    // F(w) ≈ F(w₀) + ⟨g, d⟩, so that d = −g/μ up to O(1/μ²).
    const four = clouds(4, randomStream(12, 'few'));
    const task = { start, samples: four, epochs: 50, learningRate: 0.5, signal };
    const trained = await training.train({ ...task, proximal: 1000, random: randomStream(13) });
    const gradient = closedFormGradient(start, four, [0, 1, 2, 3]);
    const expected = Array.from(start, (weight, at) => weight - (gradient[at] as number) / 1000);
    // ‖H g‖/μ² is below 1e-6, float32 rounds at 1e-7.
    expect(largestGap(trained, expected)).toBeLessThan(2e-6);
    expect(largestGap(trained, start)).toBeGreaterThan(5e-5);
  });

  test('stays where it started as the proximal term grows without bound', async () => {
    const task = { start, samples, epochs: 5, learningRate: 0.5, signal };
    const held = await training.train({ ...task, proximal: 1e12, random: randomStream(14) });
    expect(largestGap(held, start)).toBeLessThan(1e-7);
    const free = await training.train({ ...task, proximal: 0, random: randomStream(14) });
    const plain = await training.train({ ...task, random: randomStream(14) });
    expect(free).toEqual(plain);
    expect(largestGap(free, start)).toBeGreaterThan(0.1);
  });

  test('moves buffers by the samples there are, under a proximal term too', async () => {
    const five = clouds(5, randomStream(15, 'five'));
    const begin = new Float32Array(19);
    begin.set(start);
    for (const proximal of [0, 3]) {
      const centring = localTraining(engine, centringRegression, 4);
      const random = randomStream(16);
      const task = { start: begin, samples: five, learningRate: 0.1, epochs: 1, proximal, signal };
      const trained = await centring.train({ ...task, random });
      const order = random.derive('epoch', 0).permutation(5);
      const mean = [0, 0, 0, 0];
      for (const batch of [order.subarray(0, 4), order.subarray(4)])
        for (let feature = 0; feature < 4; feature++) {
          let sum = 0;
          for (const sample of batch) sum += five.inputs[4 * sample + feature] as number;
          mean[feature] = ((mean[feature] as number) + sum / batch.length) / 2;
        }
      expect(largestGap(trained.subarray(15), mean)).toBeLessThan(1e-6);
      // The last batch is one sample less its own mean: its weights have no gradient.
      expect(largestGap(trained.subarray(0, 15), start)).toBeGreaterThan(1e-3);
    }
  });

  test('says when it diverged, and stops when told to', async () => {
    const task = { start, samples, epochs: 1, random: randomStream(7) };
    await expect(training.train({ ...task, learningRate: 1e39, signal })).rejects.toThrow(
      DivergenceError,
    );
    const stopped = AbortSignal.abort();
    await expect(training.train({ ...task, learningRate: 0.1, signal: stopped })).rejects.toThrow(
      /abort/i,
    );
  });

  test('refuses labels the model has no class for', async () => {
    const wrong = { ...samples, labels: samples.labels.map(() => 3) };
    await expect(training.gradient(start, wrong)).rejects.toThrow('label 3, outside 0 … 2');
  });
});
