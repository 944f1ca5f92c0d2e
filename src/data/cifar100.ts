import { join } from 'node:path';
import { readArchive } from './archive.ts';
import { fileChecksum, requireChecksum, sha256 } from './checksums.ts';
import { dataFolder } from './data-folder.ts';
import type { Dataset } from './dataset.ts';
import { download } from './download.ts';
import { DatasetError } from './errors.ts';
import { fileSize } from './file-size.ts';
import { decodeRecords, RECORD_SHAPE, type RecordFormat } from './image-records.ts';
import { limitedIndices } from './samples.ts';
import type { DataLimits, DatasetSource } from './source.ts';

const ARCHIVE = {
  file: 'cifar-100-binary.tar.gz',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
  checksum: sha256('58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec'),
};
/** Each image has a coarse class (of 20) and a fine one. */
export const CIFAR100_FORMAT: RecordFormat = { labelBytes: 2, classes: 100 };

/** CIFAR-100 (Krizhevsky 2009): 50,000 + 10,000 colour images of 100 kinds of things, 32 × 32. */
export const cifar100: DatasetSource = {
  id: 'cifar100',
  title: 'CIFAR-100',
  synthetic: false,
  inputShape: RECORD_SHAPE,
  classes: CIFAR100_FORMAT.classes,
  trainSamples: 50_000,
  testSamples: 10_000,
  load: (limits) => loadCifar100(limits),
  get: (progress) => download(ARCHIVE, archiveIn(dataFolder()), progress),
};

const archiveIn = (folder: string) => join(folder, 'cifar100', ARCHIVE.file);

/**
 * Reads CIFAR-100 from the official archive, which is verified every time.
 *
 * @throws {DatasetError} naming the file that is missing or wrong, and what to do
 */
export async function loadCifar100(
  { limit, testLimit }: DataLimits = {},
  folder: string = dataFolder(),
): Promise<Dataset> {
  const path = archiveIn(folder);
  if ((await fileSize(path)) === undefined)
    throw new DatasetError(
      `cifar100 is not there yet. "hefl data get cifar100" downloads ${ARCHIVE.url}; or put that file into ${join(folder, 'cifar100')} yourself. HEFL_DATA names another folder than ${folder}.`,
    );
  const found = await fileChecksum(path, ARCHIVE.checksum.algorithm);
  requireChecksum(path, found, ARCHIVE.checksum, 'Delete it, then run "hefl data get cifar100".');
  const names = ['cifar-100-binary/train.bin', 'cifar-100-binary/test.bin'] as const;
  const [trainName, testName] = names;
  const contents = await readArchive(path, names);
  const decode = (part: 'train' | 'test', name: (typeof names)[number], most?: number) => {
    const total = part === 'train' ? cifar100.trainSamples : cifar100.testSamples;
    const indices = limitedIndices('cifar100', part, total, most);
    const file = { name: `${name} in ${path}`, bytes: contents[name] };
    return decodeRecords([file], CIFAR100_FORMAT, indices);
  };
  const { id, title, synthetic, inputShape, classes } = cifar100;
  return {
    ...{ id, title, synthetic, inputShape, classes },
    train: decode('train', trainName, limit),
    test: decode('test', testName, testLimit),
  };
}
