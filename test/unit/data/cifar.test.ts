import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cifar10, getCifar10, loadCifar10 } from '../../../src/data/cifar10.ts';
import { loadCifar100 } from '../../../src/data/cifar100.ts';
import { dataFolder } from '../../../src/data/data-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cifar-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the data folder', () => {
  it('is HEFL_DATA, else in the cache folder, else in the home', () => {
    expect(dataFolder({ HEFL_DATA: '/data/sets', XDG_CACHE_HOME: '/x' })).toBe('/data/sets');
    expect(dataFolder({ XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'hefl-bench'));
    expect(dataFolder({})).toMatch(/\.cache.hefl-bench$/);
  });
});

describe('CIFAR files that are missing or not the published ones', () => {
  it('are named, with what to do', async () => {
    await expect(loadCifar10({}, folder)).rejects.toThrow(
      /cifar10 is not there yet: .*data_batch_1\.bin is missing\. "hefl data get cifar10".*cifar-10-binary\.tar\.gz.*HEFL_DATA/,
    );
    await expect(loadCifar100({}, folder)).rejects.toThrow(
      /cifar100 is not there yet\. "hefl data get cifar100" downloads https.*cifar-100-binary\.tar\.gz; or put that file into/,
    );
    await mkdir(join(folder, 'cifar10'));
    await writeFile(join(folder, 'cifar10', 'data_batch_1.bin'), 'something');
    await expect(loadCifar10({}, folder)).rejects.toThrow(
      /data_batch_1\.bin is not the published file: its sha256 should be cee91656.* and is .*Delete it/,
    );
    await mkdir(join(folder, 'cifar100'));
    await writeFile(join(folder, 'cifar100', 'cifar-100-binary.tar.gz'), 'something');
    await expect(loadCifar100({}, folder)).rejects.toThrow(
      /cifar-100-binary\.tar\.gz is not the published file: its sha256 should be 58a81ae1/,
    );
  });

  it('an archive that is not the official one is refused before anything is fetched', async () => {
    await mkdir(join(folder, 'cifar10'));
    await writeFile(join(folder, 'cifar10', 'cifar-10-binary.tar.gz'), 'something');
    await expect(getCifar10(() => {}, folder)).rejects.toThrow(
      /cifar-10-binary\.tar\.gz is not the published file: its sha256 should be c4a38c50/,
    );
  });
});

const here = existsSync(join(dataFolder(), 'cifar10', 'test_batch.bin'));

describe.skipIf(!here)('CIFAR-10, where it has been fetched', () => {
  it('has 1,000 test images of every class and the published channel means', async () => {
    const { train, test } = await loadCifar10({ limit: 5_000 });
    const counts = new Array<number>(10).fill(0);
    for (const label of test.labels) counts[label] = (counts[label] as number) + 1;
    expect(counts).toEqual(new Array(10).fill(1_000));
    expect([...test.labels.slice(0, 10)]).toEqual([3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
    expect(cifar10.trainSamples).toBe(50_000);
    // The constants everybody normalises CIFAR-10 with, to the error of 5,000 images.
    [0.4914, 0.4822, 0.4465].forEach((mean, channel) => {
      let sum = 0;
      for (let at = channel; at < train.inputs.length; at += 3) sum += train.inputs[at] as number;
      expect(Math.abs(sum / (train.inputs.length / 3) - mean)).toBeLessThan(0.01);
    });
  });
});
