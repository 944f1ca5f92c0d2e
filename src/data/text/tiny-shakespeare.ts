import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checksumOf, requireChecksum, sha256 } from '../checksums.ts';
import { dataFolder } from '../data-folder.ts';
import type { Dataset } from '../dataset.ts';
import { download, type OfficialFile } from '../download.ts';
import { DatasetError } from '../errors.ts';
import type { DataLimits, DatasetSource } from '../source.ts';
import { sequencesOf } from './sequences.ts';
import { speakersOf } from './speeches.ts';
import { CONTEXT, characters, characterText, textDataset } from './text-dataset.ts';

const file: OfficialFile = {
  url: 'https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt',
  checksum: sha256('86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed'),
};

/** The first nine tenths of the text are for training, the rest measures accuracy. */
const TRAINING_SHARE = 0.9;

const pathIn = (folder: string) => join(folder, 'text', 'tinyshakespeare.txt');

/**
 * Tiny-Shakespeare (Karpathy 2015): 1.1 million characters of his plays, as MaskCrypt's language model
 * is fine-tuned on (§6.3, there in byte-pair tokens).
 */
export const tinyShakespeare: DatasetSource = {
  id: 'tiny-shakespeare',
  title: 'Tiny-Shakespeare, characters',
  synthetic: false,
  ...characterText,
  trainSamples: 15_301,
  testSamples: 1_696,
  load: (limits) => loadTinyShakespeare(limits),
  get: (progress) => download(file, pathIn(dataFolder()), progress),
};

/** @throws {DatasetError} when the file is missing or is not the published one */
export async function loadTinyShakespeare(
  limits: DataLimits = {},
  folder: string = dataFolder(),
): Promise<Dataset> {
  const path = pathIn(folder);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new DatasetError(
      `tiny-shakespeare is not there yet. "hefl data get tiny-shakespeare" downloads ${file.url}; or put that file into ${join(folder, 'text')} as tinyshakespeare.txt. HEFL_DATA names another folder than ${folder}.`,
    );
  });
  const found = checksumOf(bytes, file.checksum.algorithm);
  requireChecksum(path, found, file.checksum, 'Delete it, then get the data set again.');
  const play = bytes.toString('utf8');
  // At the end of a speech: a sequence never spans both parts.
  const cut = play.indexOf('\n\n', TRAINING_SHARE * play.length) + 2;
  const speakers = speakersOf(play.slice(0, cut));
  return textDataset(
    tinyShakespeare,
    {
      train: sequencesOf(speakers, characters, CONTEXT),
      test: sequencesOf(speakersOf(play.slice(cut)), characters, CONTEXT),
    },
    limits,
  );
}
