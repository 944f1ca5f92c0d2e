import { beforeAll, describe, expect, test } from 'vitest';
import type { LabelledSamples } from '../../../src/data/dataset.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import {
  type ClientComputations,
  clientComputations,
} from '../../../src/federation/client-computations.ts';
import { dlgLenetMnist } from '../../../src/models/dlg-lenet.ts';
import { lenet5 } from '../../../src/models/lenet-5.ts';
import { openTestEngine } from '../engine/compile/open-test-engine.ts';
import { closedFormGradient, clouds, softmaxRegression } from './toy.ts';

const samples = clouds(10, randomStream(1, 'samples'));
const weights = softmaxRegression.initialize(randomStream(2, 'weights'));
const all = [...Array(samples.count).keys()];
const size = softmaxRegression.layout.size;

function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - (b[at] as number))));
}

/** ‖a − b‖ / ‖b‖. */
function relativeGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [gap, norm] = [0, 0];
  for (let at = 0; at < a.length; at++) {
    gap += ((a[at] as number) - (b[at] as number)) ** 2;
    norm += (b[at] as number) ** 2;
  }
  return Math.sqrt(gap / norm);
}

/** Noise images with random labels. */
function noiseImages(count: number, inputShape: readonly number[], seed: number): LabelledSamples {
  const random = randomStream(seed, 'images');
  const length = count * inputShape.reduce((product, side) => product * side, 1);
  return {
    count,
    inputShape,
    inputs: Float32Array.from({ length }, () => random.uniform()),
    labels: Int32Array.from({ length: count }, () => random.integer(10)),
  };
}

describe('computations on softmax regression', () => {
  let engine: Engine;
  let computations: ClientComputations;
  beforeAll(async () => {
    engine = await openEngine({ prefer: 'cpu' });
    computations = clientComputations(engine, softmaxRegression, 4);
  });

  test('the mean absolute gradient is that of the closed form', async () => {
    const expected = new Float64Array(size);
    for (const sample of all)
      closedFormGradient(weights, samples, [sample]).forEach((slope, at) => {
        expected[at] = (expected[at] as number) + Math.abs(slope) / samples.count;
      });
    const found = await computations.meanAbsoluteGradient(weights, samples);
    // float32 beside float64, values up to 1.
    expect(largestGap(found, expected)).toBeLessThan(1e-6);
    const mean = await computations.gradient(weights, samples);
    expect(largestGap(mean, expected)).toBeGreaterThan(0.01);
  });

  test('the sensitivity is the slope of the gradient along the true class of the target', async () => {
    const step = 1e-3;
    const expected = new Float64Array(size);
    for (const sample of all) {
      const label = samples.labels[sample] as number;
      const [up, down] = [step, -step].map((change) => {
        const target = [0, 0, 0];
        target[label] = 1 + change;
        return softTargetGradient(sample, target);
      }) as [Float64Array, Float64Array];
      for (let at = 0; at < size; at++) {
        const slope = ((up[at] as number) - (down[at] as number)) / (2 * step);
        expected[at] = (expected[at] as number) + Math.abs(slope) / samples.count;
      }
    }
    const found = await computations.sensitivity(weights, samples);
    // The gradient is linear in the target, so that the difference quotient is exact.
    expect(largestGap(found, expected)).toBeLessThan(1e-6);
  });

  test('the Hessian times the gradient is the slope of the gradient along itself', async () => {
    const gradient = closedFormGradient(weights, samples, all);
    const step = 1e-4;
    const [up, down] = [step, -step].map((length) =>
      closedFormGradient(
        Array.from(weights, (weight, at) => weight + length * (gradient[at] as number)),
        samples,
        all,
      ),
    ) as [Float64Array, Float64Array];
    const expected = Array.from(up, (slope, at) => (slope - (down[at] as number)) / (2 * step));
    const found = await computations.hessianGradient(weights, samples);
    // The central difference is off by O(step²) = 1e-8, float32 by some 1e-7.
    expect(largestGap(found, expected)).toBeLessThan(1e-6);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.01);
  });

  test('the loss is the mean cross-entropy of any weights', async () => {
    const losses = all.map((sample) => -Math.log(probabilities(sample)[labelOf(sample)] as number));
    const expected = losses.reduce((sum, loss) => sum + loss, 0) / samples.count;
    expect(await computations.loss(weights, samples)).toBeCloseTo(expected, 6);
    expect(await computations.loss(new Float32Array(size), samples)).toBeCloseTo(Math.log(3), 6);
  });

  test('gives the same over one sample as over a padded batch, and touches nothing', async () => {
    const before = weights.slice();
    const one = clouds(1, randomStream(3, 'one'));
    const [gradient, absolute] = [
      await computations.gradient(weights, one),
      await computations.meanAbsoluteGradient(weights, one),
    ];
    expect(largestGap(gradient.map(Math.abs), absolute)).toBeLessThan(1e-7);
    expect(weights).toEqual(before);
    expect(clientComputations(engine, softmaxRegression, 4)).toBe(computations);
  });

  const labelOf = (sample: number) => samples.labels[sample] as number;

  function probabilities(sample: number): number[] {
    const logits = [0, 1, 2].map((label) => {
      let logit = weights[12 + label] as number;
      for (let feature = 0; feature < 4; feature++)
        logit +=
          (samples.inputs[4 * sample + feature] as number) *
          (weights[3 * feature + label] as number);
      return logit;
    });
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    return logits.map((logit) => Math.exp(logit) / total);
  }

  /** ∂/∂w of −Σ_c y_c ln p_c, for targets that need not sum to 1. */
  function softTargetGradient(sample: number, target: readonly number[]): Float64Array {
    const mass = target.reduce((sum, y) => sum + y, 0);
    const gradient = new Float64Array(size);
    probabilities(sample).forEach((probability, label) => {
      const error = mass * probability - (target[label] as number);
      for (let feature = 0; feature < 4; feature++)
        gradient[3 * feature + label] = error * (samples.inputs[4 * sample + feature] as number);
      gradient[12 + label] = error;
    });
    return gradient;
  }
});

describe.each([lenet5, dlgLenetMnist])('sensitivity on $id', (model) => {
  test('is the mean absolute gradient for cross-entropy, within 1e-6', async ({ skip }) => {
    const engine = await openTestEngine();
    if (!engine) return skip();
    const computations = clientComputations(engine, model, 8);
    const images = noiseImages(12, model.inputShape, 4);
    const start = model.initialize(randomStream(5, 'weights'));
    const sensitivity = await computations.sensitivity(start, images);
    const absolute = await computations.meanAbsoluteGradient(start, images);
    expect(relativeGap(sensitivity, absolute)).toBeLessThan(1e-6);
    expect(absolute.filter((value) => value > 0).length).toBeGreaterThan(model.layout.size / 3);
  });

  test('comes out the same compiled as step by step', async ({ skip }) => {
    const engine = await openTestEngine();
    if (!engine) return skip();
    const eager = await openEngine({ prefer: 'wasm' });
    const images = noiseImages(3, model.inputShape, 6);
    const start = model.initialize(randomStream(7, 'weights'));
    for (const name of ['sensitivity', 'meanAbsoluteGradient', 'hessianGradient'] as const) {
      const compiled = await clientComputations(engine, model, 2)[name](start, images);
      const stepwise = await clientComputations(eager, model, 2)[name](start, images);
      // float32 sums in another order.
      expect(relativeGap(compiled, stepwise)).toBeLessThan(2e-5);
    }
  });
});
