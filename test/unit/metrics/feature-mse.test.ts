import { expect, test } from 'vitest';
import type { ReconstructionOutput } from '../../../src/api/attack.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { NdArray } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { featureMse } from '../../../src/metrics/feature-mse.ts';
import { mse } from '../../../src/metrics/mse.ts';
import { mlp } from '../../../src/models/mlp.ts';
import type { Model } from '../../../src/models/model.ts';
import { penultimateActivations } from '../../../src/models/penultimate.ts';
import { findModel } from '../../../src/models/registry.ts';
import { withFeatures } from '../../../src/run/image-features.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';

const engine = await openEngine({ prefer: 'cpu' });
const network = (hidden: readonly number[]) =>
  mlp({
    ...{ id: `toy-${hidden.length}`, title: 'Toy', source: 'none', activation: 'relu' },
    ...{ inputShape: [2, 2, 1], classes: 3, hidden },
  });

async function activations(model: Model, weights: Float32Array, images: Float32Array) {
  const definition = penultimateActivations(model);
  if (!definition) return null;
  const program = await engine.compile(definition);
  const steps = images.length / model.inputShape.reduce((a, b) => a * b, 1);
  const { outputs } = await program.run({
    steps,
    state: [],
    constants: model.layout.split(weights),
    perStep: [{ shape: [steps, 1, ...model.inputShape], data: images }],
  });
  program.dispose();
  return outputs[0] as NdArray;
}

/** relu(x W + b) of the first layer, in float64. */
function hidden(model: Model, weights: Float32Array, image: Float32Array): number[] {
  const [matrix, bias] = model.layout.split(weights) as [NdArray, NdArray];
  const [rows, width] = matrix.shape as [number, number];
  return Array.from({ length: width }, (_, unit) => {
    let sum = bias.data[unit] as number;
    for (let row = 0; row < rows; row++)
      sum += (image[row] as number) * (matrix.data[row * width + unit] as number);
    return Math.max(0, sum);
  });
}

const random = randomStream('feature images');
const image = () => Float32Array.from({ length: 4 }, () => random.uniform());

test('the activations before the last layer are what a forward pass gives', async () => {
  const model = network([7]);
  const weights = model.initialize(random.derive('weights'));
  const images = [image(), image()];
  const found = await activations(
    model,
    weights,
    Float32Array.of(...images.flatMap((x) => [...x])),
  );
  expect(found?.shape).toEqual([2, 7]);
  const expected = images.flatMap((one) => hidden(model, weights, one));
  expect(expected.some((value) => value > 0)).toBe(true);
  // Sums of five float32 products.
  found?.data.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at] as number, 6);
  });
});

test('without a hidden layer they are the input', async () => {
  const model = network([]);
  const one = image();
  const found = await activations(model, model.initialize(random), one);
  expect(found?.data).toEqual(one);
});

test.each([
  ['lenet-5', 84],
  ['mlp-2fc', null],
])('%s has them', async (id, width) => {
  const model = findModel(id);
  const found = await activations(model, model.initialize(random), new Float32Array(784).fill(0.5));
  if (width !== null) expect(found?.shape).toEqual([1, width]);
  expect(found?.data.some((value) => value > 0)).toBe(true);
});

const truthOf = (...probes: Float32Array[][]): GroundTruth => ({
  membership: [],
  meanImage: Float32Array.of(0.5, 0.5, 0.5, 0.5),
  distractors: new Float32Array(0),
  reconstruction: probes.map((images, client) => ({
    ...{ client, round: 1, inputShape: [2, 2, 1] },
    images: Float32Array.of(...images.flatMap((one) => [...one])),
    labels: new Int32Array(images.length),
  })),
});
const answersOf = (...probes: Float32Array[][]): ReconstructionOutput => ({
  kind: 'reconstruction',
  targets: probes.map((images, client) => ({
    from: 'update',
    ...{ client, round: 1, cost: 0, iterations: 1 },
    images: Float32Array.of(...images.flatMap((one) => [...one])),
    labels: new Int32Array(images.length),
  })),
});

test('with the image itself as features it is the mean squared error, baselines and all', async () => {
  const model = network([]);
  const weights = model.initialize(random);
  const [a, b, c] = [image(), image(), image()];
  const truth = truthOf([a, b], [c]);
  // A batch in the other order, and pixels that a viewer would clamp.
  const output = answersOf(
    [b.map((pixel) => pixel + 0.05), a.map((pixel) => pixel - 0.3)],
    [image()],
  );
  const judged = await withFeatures(output, truth, { model, weights, engine });
  const [pixels, features] = [mse.score(output, truth), featureMse.score(judged, truth)];
  expect(features?.n).toBe(3);
  expect(features?.value).toBeCloseTo(pixels?.value as number, 6);
  features?.perItem?.forEach((value, at) => {
    expect(value).toBeCloseTo(pixels?.perItem?.[at] as number, 6);
  });
  const names = Object.keys(pixels?.baselines ?? {});
  expect(names).toEqual(['noise', 'mean image', 'wrong image']);
  for (const name of names)
    expect(features?.baselines?.[name]).toBeCloseTo(pixels?.baselines?.[name] as number, 6);
});

test('is that of hidden activations', async () => {
  const model = network([7]);
  const weights = model.initialize(random.derive('weights'));
  const [original, answer] = [image(), image()];
  const truth = truthOf([original]);
  const judged = await withFeatures(answersOf([answer]), truth, { model, weights, engine });
  const [h, g] = [hidden(model, weights, original), hidden(model, weights, answer)];
  const expected = h.reduce((sum, value, at) => sum + (value - (g[at] as number)) ** 2, 0) / 7;
  expect(featureMse.score(judged, truth)?.value).toBeCloseTo(expected, 6);
});

test('is not asked without a model to judge by, whatever an attack writes', async () => {
  const model = network([]);
  const truth = truthOf([image()]);
  const row = Float32Array.of(0, 0, 0, 0);
  const features = { width: 4, answers: row, originals: row, noise: row, meanImage: row };
  const output = { ...answersOf([image()]), features };
  const judged = await withFeatures(output, truth, { model, weights: undefined, engine });
  expect(judged.features).toBeUndefined();
  expect(featureMse.score(judged, truth)).toBeNull();
  expect(
    (await withFeatures(output, truth, { model, weights: model.initialize(random), engine }))
      .features?.originals,
  ).not.toEqual(row);
});
