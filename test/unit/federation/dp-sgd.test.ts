import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { DpSgd, type DpSgdTask, poissonSample } from '../../../src/federation/dp-sgd.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import { closedFormGradient, clouds, softmaxRegression } from './toy.ts';

const signal = new AbortController().signal;
const samples = clouds(10, randomStream(1, 'samples'));
const start = softmaxRegression.initialize(randomStream(2, 'start'));
const { size } = softmaxRegression.layout;

/** Σ over the batch of the closed-form gradients, clipped per sample, in float64. */
function clippedSum(weights: ArrayLike<number>, batch: Iterable<number>, clip: number) {
  const sum = new Float64Array(size);
  for (const sample of batch) {
    const gradient = closedFormGradient(weights, samples, [sample]);
    const norm = Math.hypot(...gradient);
    gradient.forEach((slope, at) => {
      sum[at] = (sum[at] as number) + slope * Math.min(1, clip / norm);
    });
  }
  return sum;
}

function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - (b[at] as number))));
}

describe('DP-SGD', () => {
  let engine: Engine;
  let dpSgd: DpSgd;
  const task = (change: Partial<DpSgdTask> = {}): DpSgdTask => ({
    ...{ start, samples, steps: 1, batchSize: 10, learningRate: 0.5, proximal: 0, signal },
    random: randomStream(3, 'private'),
    ...change,
  });
  beforeAll(async () => {
    engine = await openEngine({ prefer: 'cpu' });
    dpSgd = new DpSgd(engine, softmaxRegression);
  });

  test('without noise averages gradients clipped per sample', async () => {
    const norms = [...Array(10).keys()].map((sample) =>
      Math.hypot(...closedFormGradient(start, samples, [sample])),
    );
    // Some samples are clipped and some are not.
    const clip = norms.toSorted((a, b) => a - b)[5] as number;
    const trained = await dpSgd.train(task(), { clip, noiseMultiplier: 0 });
    const sum = clippedSum(start, Array(10).keys(), clip);
    const expected = Array.from(start, (weight, at) => weight - (0.5 / 10) * (sum[at] as number));
    expect(largestGap(trained, expected)).toBeLessThan(1e-6);
    const unclipped = closedFormGradient(start, samples, Array(10).keys());
    const plain = Array.from(start, (weight, at) => weight - 0.5 * (unclipped[at] as number));
    expect(largestGap(trained, plain)).toBeGreaterThan(1e-3);
  });

  test('adds the drawn noise, on the sampled batches, for every step', async () => {
    const random = randomStream(4, 'private');
    const [clip, noiseMultiplier] = [0.3, 1.5];
    const trained = await dpSgd.train(task({ steps: 3, batchSize: 4, proximal: 2, random }), {
      clip,
      noiseMultiplier,
    });
    const expected = Float64Array.from(start);
    for (let step = 0; step < 3; step++) {
      const batch = poissonSample(10, 0.4, random.derive('batch', step));
      const sum = clippedSum(expected, batch, clip);
      const noise = random.derive('noise', step);
      for (let at = 0; at < size; at++) {
        const gradient = ((sum[at] as number) + 1.5 * 0.3 * noise.normal()) / 4;
        const stepped = (expected[at] as number) - 0.5 * gradient;
        // FedProx: η μ = 1.
        expected[at] = (stepped + (start[at] as number)) / 2;
      }
    }
    expect(largestGap(trained, expected)).toBeLessThan(1e-6);
  });

  test('has noise of standard deviation σC over the batch size', async () => {
    const [clip, noiseMultiplier, runs] = [0.7, 2, 400];
    const quiet = await dpSgd.train(task(), { clip, noiseMultiplier: 0 });
    const deviations: number[] = [];
    for (let run = 0; run < runs; run++) {
      const noisy = await dpSgd.train(task({ random: randomStream(run, 'noise') }), {
        clip,
        noiseMultiplier,
      });
      noisy.forEach((weight, at) => {
        deviations.push(((weight - (quiet[at] as number)) * 10) / (0.5 * noiseMultiplier * clip));
      });
    }
    const mean = deviations.reduce((sum, value) => sum + value, 0) / deviations.length;
    const variance =
      deviations.reduce((sum, value) => sum + (value - mean) ** 2, 0) / deviations.length;
    // 6,000 standard normal values: five standard errors of mean and variance.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(deviations.length));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / deviations.length));
  });

  test('moves by noise alone where a batch is empty', async () => {
    const random = randomStream(8, 'private');
    const step = [...Array(200).keys()].find(
      (at) => poissonSample(10, 0.1, random.derive('batch', at)).length === 0,
    ) as number;
    const settings = { clip: 1, noiseMultiplier: 0 };
    const [before, after] = [
      await dpSgd.train(task({ steps: step, batchSize: 1, random }), settings),
      await dpSgd.train(task({ steps: step + 1, batchSize: 1, random }), settings),
    ];
    expect(after).toEqual(before);
  });

  test('is what local training does when told to', async () => {
    const training = localTraining(engine, softmaxRegression, 4);
    const random = randomStream(9, 'private');
    const settings = { clip: 0.5, noiseMultiplier: 1 };
    const trained = await training.train({
      ...{ start, samples, epochs: 2, learningRate: 0.5, random, signal, dpSgd: settings },
    });
    // Two epochs of 10 samples in batches of 4.
    const expected = await dpSgd.train(task({ steps: 6, batchSize: 4, random }), settings);
    expect(trained).toEqual(expected);
  });

  test('refuses models whose batch norm mixes samples', () => {
    const mixing = { ...softmaxRegression, trainingPass: () => ({ logits: [], buffers: [] }) };
    expect(() => new DpSgd(engine, mixing as never)).toThrow('batch norm mixes the samples');
  });
});

test('Poisson sampling takes every sample with its probability, independently', () => {
  const random = randomStream(10, 'poisson');
  const [draws, count, probability] = [4000, 20, 0.3];
  const taken = new Float64Array(count);
  let [size, squares] = [0, 0];
  for (let draw = 0; draw < draws; draw++) {
    const batch = poissonSample(count, probability, random);
    for (const sample of batch) taken[sample] = (taken[sample] as number) + 1;
    size += batch.length / draws;
    squares += batch.length ** 2 / draws;
  }
  // Five standard errors of a share of 4,000.
  const error = 5 * Math.sqrt((probability * (1 - probability)) / draws);
  for (const times of taken) expect(Math.abs(times / draws - probability)).toBeLessThan(error);
  // Binomial sizes: variance 20 · .3 · .7 = 4.2, its own standard error some 2 %.
  expect(squares - size ** 2).toBeCloseTo(4.2, 0);
  expect(poissonSample(5, 1, random)).toEqual(Uint32Array.of(0, 1, 2, 3, 4));
});
