import { expect, test } from 'vitest';
import { aggregationWeights, weightedMean } from '../../../src/federation/fedavg.ts';

test('clients weigh as much as they have samples', () => {
  const weights = aggregationWeights([
    { client: 0, samples: 1 },
    { client: 1, samples: 3 },
  ]);
  expect(weights).toEqual([0.25, 0.75]);
  const mean = weightedMean([Float32Array.of(4, 0), Float32Array.of(8, 1)], weights);
  expect(mean).toEqual(Float32Array.of(7, 0.75));
});

test('uniform weights count a probe as the part of a mean client that its data is', () => {
  const clients = [
    { client: 0, samples: 10 },
    { client: 1, samples: 30 },
    { client: 7, samples: 1 },
  ];
  const total = 2 + 1 / 20;
  expect(aggregationWeights(clients, 'uniform', 7)).toEqual([1 / total, 1 / total, 0.05 / total]);
});

test('sums are taken in float64', () => {
  const many = Array.from({ length: 1000 }, () => Float32Array.of(0.1));
  expect(
    weightedMean(
      many,
      many.map(() => 1e-3),
    ),
  ).toEqual(Float32Array.of(0.1));
});
