import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.ts';
import { datasetList, loadDataset } from '../../../src/data/registry.ts';
import { takeSamples } from '../../../src/data/samples.ts';

/** Share of test samples whose nearest class mean is that of their own class. */
function nearestMeanAccuracy({ train, test, classes, inputShape }: Dataset): number {
  const size = inputShape.reduce((product, length) => product * length, 1);
  const counts = new Float64Array(classes);
  const means = Array.from({ length: classes }, () => new Float64Array(size));
  train.labels.forEach((label, at) => {
    counts[label] = (counts[label] as number) + 1;
    const mean = means[label] as Float64Array;
    for (let j = 0; j < size; j++)
      mean[j] = (mean[j] as number) + (train.inputs[at * size + j] as number);
  });
  const distance = (at: number, label: number) => {
    let sum = 0;
    for (let j = 0; j < size; j++) {
      const mean = ((means[label] as Float64Array)[j] as number) / (counts[label] as number);
      sum += ((test.inputs[at * size + j] as number) - mean) ** 2;
    }
    return sum;
  };
  let right = 0;
  test.labels.forEach((own, at) => {
    const distances = means.map((_, label) =>
      counts[label] === 0 ? Number.POSITIVE_INFINITY : distance(at, label),
    );
    if (distances.indexOf(Math.min(...distances)) === own) right++;
  });
  return right / test.count;
}

const standIns = datasetList().filter(({ synthetic }) => synthetic);

it('every data set has a stand-in of its shape', () => {
  for (const { id, inputShape, classes, naturalClients } of datasetList()) {
    const standIn = standIns.find((other) => other.id === `synthetic-${id}`);
    if (id.startsWith('synthetic-')) continue;
    expect(standIn).toMatchObject({ inputShape, classes });
    expect(standIn?.naturalClients).toBe(naturalClients);
  }
});

describe.each(standIns)('$id', (info) => {
  it('says so, has the sizes it is listed with, and can be learned', async () => {
    // Texas100's shape is large; a part shows the same.
    const limit = info.id === 'synthetic-texas100' ? 2000 : info.trainSamples;
    const data = await loadDataset(info.id, { limit, testLimit: 100 });
    expect(data.synthetic).toBe(true);
    expect(data.title).toContain('synthetic');
    expect(data.train.count).toBe(limit);
    expect(data.inputShape).toEqual(info.inputShape);
    const isText = data.tokenizer !== undefined;
    const largest = isText ? data.classes - 1 : 1;
    expect(data.train.inputs.every((value) => value >= 0 && value <= largest)).toBe(true);
    expect(data.train.labels.every((label) => label >= 0 && label < data.classes)).toBe(true);
    expect(data.train.clientKeys !== undefined).toBe(info.naturalClients !== undefined);
    // Numbers of tokens have no mean; what can be learned of text its own tests show.
    if (isText) return;
    const accuracy = nearestMeanAccuracy(data);
    // Far above guessing, and not perfect by construction alone: 100 samples, 10 or more classes.
    expect(accuracy).toBeGreaterThan(0.4);
  });

  it('is the same every time, and a smaller part is inside a larger one', async () => {
    const [small, large] = await Promise.all([
      loadDataset(info.id, { limit: 20, testLimit: 5 }),
      loadDataset(info.id, { limit: 50, testLimit: 5 }),
    ]);
    expect(small.train.labels).toEqual(large.train.labels.slice(0, 20));
    expect(small.train.inputs).toEqual(large.train.inputs.slice(0, small.train.inputs.length));
    expect(small.train.clientKeys).toEqual(large.train.clientKeys?.slice(0, 20));
  });
});

it("samples handed to attackers don't say whose they are", async () => {
  const { train } = await loadDataset('synthetic-diabetes130', { limit: 30, testLimit: 1 });
  expect(train.clientKeys?.length).toBe(30);
  expect(takeSamples(train, [1, 2])).not.toHaveProperty('clientKeys');
});
