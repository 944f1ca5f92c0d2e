import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import {
  DivergenceError,
  type LocalTraining,
  localTraining,
} from '../../../src/federation/local-training.ts';
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
