import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.ts';
import { datasetList, datasetSource, loadDataset } from '../../../src/data/registry.ts';
import { createSyntheticMnist } from '../../../src/data/synthetic.ts';

describe('synthetic-mnist', () => {
  const data = createSyntheticMnist({ train: 600, test: 300 });

  it('says that it is synthetic and has the shapes of MNIST', () => {
    expect(data).toMatchObject({ synthetic: true, inputShape: [28, 28, 1], classes: 10 });
    expect([data.train.count, data.test.count]).toEqual([600, 300]);
    expect(data.train.inputs.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(new Set(data.train.labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  it('is the same for the same seed and another for another', () => {
    const make = (seed: number) => createSyntheticMnist({ train: 600, test: 300, seed });
    const pixels = (made: Dataset) => Buffer.from(made.train.inputs.buffer);
    expect(make(0).train.labels).toEqual(data.train.labels);
    expect(pixels(make(0)).equals(pixels(data))).toBe(true);
    expect(pixels(make(1)).equals(pixels(data))).toBe(false);
  });

  it('can be learned: even the nearest class mean is right for most test images', () => {
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    const counts = new Float64Array(10);
    data.train.labels.forEach((label, at) => {
      counts[label] = (counts[label] as number) + 1;
      const mean = means[label] as Float64Array;
      for (let pixel = 0; pixel < 784; pixel++)
        mean[pixel] = (mean[pixel] as number) + (data.train.inputs[at * 784 + pixel] as number);
    });
    const distance = (at: number, label: number) => {
      let sum = 0;
      for (let pixel = 0; pixel < 784; pixel++) {
        const mean = ((means[label] as Float64Array)[pixel] as number) / (counts[label] as number);
        sum += ((data.test.inputs[at * 784 + pixel] as number) - mean) ** 2;
      }
      return sum;
    };
    let right = 0;
    data.test.labels.forEach((label, at) => {
      const distances = means.map((_, candidate) => distance(at, candidate));
      if (distances.indexOf(Math.min(...distances)) === label) right++;
    });
    expect(right / data.test.count).toBeGreaterThan(0.8);
  });

  it('is smooth: neighbouring pixels differ far less than distant ones', () => {
    let near = 0;
    let far = 0;
    for (let at = 0; at < 100; at++)
      for (let row = 7; row < 14; row++)
        for (let column = 7; column < 21; column++) {
          const pixel = (r: number, c: number) =>
            data.train.inputs[at * 784 + r * 28 + c] as number;
          near += Math.abs(pixel(row, column) - pixel(row + 1, column));
          far += Math.abs(pixel(row, column) - pixel(row + 7, column));
        }
    expect(near).toBeLessThan(far / 2);
  });
});

describe('the registry', () => {
  it('loads every data set that needs no file with the shapes it lists', async () => {
    for (const info of datasetList().filter(({ id }) => !datasetSource(id).get)) {
      const loaded = await loadDataset(info.id, { limit: 30, testLimit: 10 });
      expect(loaded).toMatchObject({
        id: info.id,
        title: info.title,
        synthetic: info.synthetic,
        inputShape: info.inputShape,
        classes: info.classes,
      });
      expect([loaded.train.count, loaded.test.count]).toEqual([30, 10]);
      expect(info.trainSamples).toBeGreaterThanOrEqual(30);
    }
  });

  it('asks "did you mean" for an unknown id', async () => {
    await expect(loadDataset('minst')).rejects.toThrow(
      /^No data set is called "minst": did you mean "mnist"\? There are mnist, cifar10, .*synthetic-mnist/,
    );
  });

  it('gives the whole stand-in without a limit', async () => {
    const whole = await loadDataset('synthetic-mnist');
    const listed = datasetList().find(({ id }) => id === 'synthetic-mnist');
    expect([whole.train.count, whole.test.count]).toEqual([
      listed?.trainSamples,
      listed?.testSamples,
    ]);
  });
});
