import { beforeAll, describe, expect, test } from 'vitest';
import { fedmlHe } from '../../../defenses/fedml-he/index.ts';
import { gradientMagnitude } from '../../../defenses/gradient-magnitude.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { clientComputations } from '../../../src/federation/client-computations.ts';
import { mlp2fc } from '../../../src/models/mlp-2fc.ts';
import { clouds, softmaxRegression } from '../federation/toy.ts';
import { toyClient, toyRound } from './toy-client.ts';

const parse = (params: object) => fedmlHe.meta.params.parse(params);
const select = (scores: readonly number[], params: object) => [
  ...(fedmlHe.mask.select?.(Float32Array.from(scores), toyRound(), parse(params)) ?? []),
];

describe('FedML-HE', () => {
  test('encrypts the top p of the aggregated sensitivities, ties by index', () => {
    const scores = [0.1, 0.9, 0.3, 0.3, 0.2, 0, 0.8, 0.05, 0.3];
    // 1/3 of 9
    expect(select(scores, { ratio: 1 / 3 })).toEqual([0, 1, 1, 0, 0, 0, 1, 0, 0]);
    expect(select(scores, { ratio: 0 })).toEqual(Array(9).fill(0));
    expect(select(scores, { ratio: 1 })).toEqual(Array(9).fill(1));
  });

  test('adds whole layers in its recipe', () => {
    const scores = [0, 9, 0, 0, 0, 0, 0, 0, 0];
    expect(select(scores, { ratio: 1 / 9, layers: 'last' })).toEqual([0, 1, 0, 0, 0, 0, 1, 1, 1]);
    expect(select(scores, { ratio: 1 / 9, layers: 'first' })).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0]);
    expect(select(scores, { ratio: 0.3, layers: 'first-and-last' })).toEqual(Array(9).fill(1));
  });

  test('scores by sensitivity, on the initial model, and asks for nothing else', async () => {
    const sensitivity = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const client = toyClient(Array(9).fill(0), { sensitivity: async () => sensitivity });
    expect(await fedmlHe.mask.score?.(client, parse({}))).toBe(sensitivity);
    expect(fedmlHe.mask.when(parse({}))).toBe('before-training');
  });

  test('has an authority’s key or a threshold of clients', () => {
    expect(fedmlHe.keys(parse({}))).toEqual({ setup: 'shared' });
    expect(fedmlHe.scheme(parse({}))).toBe('ckks-fedmlhe');
    const threshold = parse({ keys: 'threshold', threshold: 3 });
    expect(fedmlHe.keys(threshold)).toEqual({ setup: 'threshold', threshold: 3 });
    expect(fedmlHe.scheme(threshold)).toBe('ckks-threshold');
  });
});

describe('the gradient magnitude mask', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ prefer: 'cpu' });
  });

  const random = randomStream(5, 'images');
  const images = (count: number) => ({
    count,
    inputShape: mlp2fc.inputShape,
    inputs: Float32Array.from({ length: count * 784 }, () => random.uniform()),
    labels: Int32Array.from({ length: count }, () => random.integer(10)),
  });

  test.each([
    ['softmax regression', softmaxRegression, [clouds(5, random), clouds(9, random)]],
    ['an MLP of 79,510 parameters', mlp2fc, [images(2), images(3)]],
  ])('is FedML-HE’s for cross-entropy: %s', async (_, model, samples) => {
    const { layout } = model;
    const weights = model.initialize(randomStream(1, 'initial model'));
    const computations = clientComputations(engine, model, 4);
    const aggregate = async (
      score: typeof fedmlHe.mask.score | typeof gradientMagnitude.mask.score,
    ) => {
      const sum = new Float32Array(layout.size);
      const total = samples.reduce((so, { count }) => so + count, 0);
      for (const own of samples) {
        const client = toyClient([...weights], {
          layout,
          sensitivity: () => computations.sensitivity(weights, own),
          meanAbsoluteGradient: () => computations.meanAbsoluteGradient(weights, own),
        });
        const scores = await score?.(client, parse({}));
        scores?.forEach((value, at) => {
          sum[at] = (sum[at] as number) + (own.count / total) * value;
        });
      }
      return sum;
    };
    const sensitivities = await aggregate(fedmlHe.mask.score);
    const magnitudes = await aggregate(gradientMagnitude.mask.score);
    for (const ratio of [0.1, 0.3, 0.5]) {
      const round = toyRound([], layout);
      const mine = fedmlHe.mask.select?.(sensitivities, round, parse({ ratio }));
      const params = gradientMagnitude.meta.params.parse({ ratio });
      expect(gradientMagnitude.mask.select?.(magnitudes, round, params)).toEqual(mine);
      expect(mine?.reduce((sum, bit) => sum + bit, 0)).toBe(Math.round(ratio * layout.size));
    }
  });
});
