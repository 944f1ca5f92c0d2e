import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CIFAR100_FORMAT } from '../../../src/data/cifar100.ts';
import { DatasetError } from '../../../src/data/errors.ts';
import { countRecords, decodeRecords, encodeRecords } from '../../../src/data/image-records.ts';
import { randomStream } from '../../../src/engine/random.ts';

const format = { labelBytes: 1, classes: 10 } as const;
const random = randomStream(1, 'records');
const pixels = Uint8Array.from({ length: 3 * 3072 }, () => random.integer(256));

describe('records of 32 × 32 colour images', () => {
  const file = { name: 'batch', bytes: encodeRecords(pixels, [7, 0, 9]) };

  it('keep labels and pixels, channels last', () => {
    expect(countRecords(file, format)).toBe(3);
    const { labels, inputs, count, inputShape } = decodeRecords(
      [file, file],
      format,
      Uint32Array.of(2, 3, 1),
    );
    expect([count, ...inputShape]).toEqual([3, 32, 32, 3]);
    expect([...labels]).toEqual([9, 7, 0]);
    [2, 0, 1].forEach((image, at) => {
      for (const value of [0, 1, 2, 100, 3071])
        expect(inputs[at * 3072 + value]).toBe(
          Math.fround((pixels[image * 3072 + value] as number) / 255),
        );
    });
  });

  it('are planes of red, green and blue in the file', () => {
    expect(file.bytes[0]).toBe(7);
    expect(file.bytes[1]).toBe(pixels[0]);
    expect(file.bytes[1 + 1024]).toBe(pixels[1]);
    expect(file.bytes[1 + 2 * 1024 + 1023]).toBe(pixels[3 * 1023 + 2]);
  });

  it('are refused by file and image when cut short or of an unknown class', () => {
    const cut = { name: 'batch', bytes: file.bytes.subarray(0, 5000) };
    expect(() => countRecords(cut, format)).toThrow(DatasetError);
    expect(() => countRecords(cut, format)).toThrow(/^batch has 5000 bytes.*records of 3073/);
    expect(() => decodeRecords([file], { ...format, classes: 9 }, Uint32Array.of(2))).toThrow(
      /^batch: image 3 has the class 9; it must be below 9/,
    );
  });
});

const folder = fileURLToPath(new URL('../../../../shared/data/cifar100/', import.meta.url));

describe.skipIf(!existsSync(folder))('the first images of CIFAR-100 (../shared)', () => {
  const read = (name: string) => gunzipSync(readFileSync(`${folder}${name}`));
  const names = readFileSync(`${folder}fine_label_names.txt`, 'utf8').trim().split('\n');

  it('are read by the reader of the official files', () => {
    const train = { name: 'train', bytes: read('train_first486.bin.gz') };
    const test = { name: 'test', bytes: read('test_first916.bin.gz') };
    expect(countRecords(train, CIFAR100_FORMAT)).toBe(486);
    expect(countRecords(test, CIFAR100_FORMAT)).toBe(916);
    const { labels, inputs } = decodeRecords(
      [train],
      CIFAR100_FORMAT,
      Uint32Array.from({ length: 486 }, (_, at) => at),
    );
    // The training set famously begins with cattle, a dinosaur and an apple.
    expect([...labels.slice(0, 3)].map((label) => names[label])).toEqual([
      'cattle',
      'dinosaur',
      'apple',
    ]);
    expect(new Set(labels).size).toBeGreaterThan(90);
    // The means of CIFAR-100 by channel, .507 .487 .441, to the error of 486 images.
    [0.507, 0.487, 0.441].forEach((mean, channel) => {
      let sum = 0;
      for (let at = channel; at < inputs.length; at += 3) sum += inputs[at] as number;
      expect(sum / (inputs.length / 3)).toBeCloseTo(mean, 1);
    });
  });
});
