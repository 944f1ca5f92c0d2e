import { beforeAll, expect, test } from 'vitest';
import { observedSum } from '../../../attacks/gradient-cosine/observed-sum.ts';
import { cosines, gradientDifferences } from '../../../attacks/gradient-cosine/statistics.ts';
import { SampleGradients } from '../../../attacks/query/sample-gradients.ts';
import { featureParts, SampleFeatures } from '../../../attacks/white-box/features.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { findModel } from '../../../src/models/registry.ts';
import { engine, take, trainLocally } from './setting.ts';

const model = findModel('mlp-2fc');
const { size } = model.layout;
const weights = model.initialize(randomStream(3, 'init'));
const samples = take(10, 3);
const { signal } = new AbortController();
const random = randomStream(1, 'direction');
const direction = Float32Array.from({ length: size }, () => random.normal());
const half = Uint8Array.from({ length: size }, (_, at) => at % 2);

/** ∇ℓ of every sample, from one step of SGD on it alone; 8 keeps float32 subtraction exact enough. */
let gradients: Float32Array[];
beforeAll(async () => {
  const settings = { steps: 1, learningRate: 8 };
  gradients = [];
  for (let at = 0; at < samples.count; at++) {
    const moved = await trainLocally(model, weights, take(at, 1, samples), settings);
    gradients.push(weights.map((weight, w) => (weight - (moved[w] as number)) / 8));
  }
});

test.each([
  ['all coordinates', new Uint8Array(size).fill(1)],
  ['every other coordinate', half],
])('product and norm over %s are those of the gradient', async (_, set) => {
  const query = new SampleGradients(model, engine);
  const directions = [direction, direction.map((value) => -2 * value)];
  const measured = await query.measure(weights, samples, directions, set, signal);
  await query.close();
  const { squares } = measured;
  const [products, others] = measured.products as [Float64Array, Float64Array];
  gradients.forEach((gradient, at) => {
    let [product, square] = [0, 0];
    gradient.forEach((g, w) => {
      if (set[w] !== 1) return;
      product += g * (direction[w] as number);
      square += g * g;
    });
    // Differences of float32 weights: some 1e-8 per coordinate of gradients around .01.
    expect(Math.abs((products[at] as number) - product)).toBeLessThan(1e-4 * Math.sqrt(square));
    expect(others[at]).toBe(-2 * (products[at] as number));
    expect((squares[at] as number) / square).toBeCloseTo(1, 4);
  });
});

test('coordinates outside the set don’t matter at all', async () => {
  const query = new SampleGradients(model, engine);
  const other = direction.map((value, at) => (half[at] === 1 ? value : 1e9));
  const one = await query.measure(weights, samples, [direction], half, signal);
  const two = await query.measure(weights, samples, [other], half, signal);
  await query.close();
  expect(two).toEqual(one);
});

test('an update of one full batch is the sum of its samples’ gradients', async () => {
  const moved = await trainLocally(model, weights, samples, { steps: 1, learningRate: 8 });
  const { gradient, squaredNorm } = observedSum({
    ...{ client: 0, round: 1, start: weights, model: moved, knownCount: size },
    ...{ scored: half, samples: 3, localSteps: 1, batchSize: 3, learningRate: 8 },
  });
  let [error, norm, scored] = [0, 0, 0];
  gradient.forEach((value, at) => {
    const sum = gradients.reduce((total, own) => total + (own[at] as number), 0);
    error += (value - sum) ** 2;
    norm += sum ** 2;
    if (half[at] === 1) scored += value ** 2;
  });
  expect(Math.sqrt(error / norm)).toBeLessThan(1e-4);
  expect(squaredNorm / scored).toBeCloseTo(1, 6);
});

test('cosine and difference: closed forms', () => {
  // Δ = (3, 4): g = (3, 4), (−4, 3) and 0.
  const measures = { products: Float64Array.of(25, 0, 0), squares: Float64Array.of(25, 25, 0) };
  expect([...cosines(measures, 25)]).toEqual([1, 0, 0]);
  expect([...gradientDifferences(measures, 25)]).toEqual([25, -25, 0]);
  expect([...cosines(measures, 0)]).toEqual([0, 0, 0]);
  expect([...gradientDifferences(measures, 0)]).toEqual([0, 0, 0]);
});

test('white-box features: outputs, label, loss, last gradient, norms, in parts', async () => {
  const query = await SampleFeatures.open(model, engine);
  const { width, values } = await query.of(weights, samples, signal);
  query.close();
  expect(featureParts(model)).toEqual([10, 10, 1, 1010, 4]);
  expect(width).toBe(1035);
  for (let at = 0; at < samples.count; at++) {
    const row = values.subarray(at * width, (at + 1) * width);
    const label = samples.labels[at] as number;
    expect(row.subarray(0, 10).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    expect(row.subarray(10, 20)[label]).toBe(1);
    expect(row[20]).toBeCloseTo(-Math.log(row[label] as number), 4);
    // The last bias's gradient is p − y.
    for (let unit = 0; unit < 10; unit++)
      expect(row[21 + 1000 + unit]).toBeCloseTo(
        (row[unit] as number) - (unit === label ? 1 : 0),
        5,
      );
    const last = model.layout.entries.at(-2) as { offset: number };
    const gradient = gradients[at] as Float32Array;
    for (const weight of [0, 333, 999])
      expect(row[21 + weight]).toBeCloseTo(gradient[last.offset + weight] as number, 5);
    const bias = row.subarray(1021, 1031).reduce((sum, g) => sum + g * g, 0);
    expect(row[1034]).toBeCloseTo(Math.log(bias) / 2, 4);
  }
});
