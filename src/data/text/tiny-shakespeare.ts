import { join } from 'node:path';
import { sha256 } from '../checksums.ts';
import { dataFolder } from '../data-folder.ts';
import { download, type OfficialFile } from '../download.ts';
import { readPublishedText } from './published-text.ts';
import { speakersOf } from './speeches.ts';
import { BYTE_PAIRS, CHARACTERS, type Corpus, GPT2_TOKENS, textSource } from './text-dataset.ts';

const file: OfficialFile = {
  url: 'https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt',
  checksum: sha256('86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed'),
};

/** The first nine tenths of the text are for training, the rest measures accuracy. */
const TRAINING_SHARE = 0.9;

const pathIn = (folder: string) => join(folder, 'text', 'tinyshakespeare.txt');

/**
 * Tiny-Shakespeare (Karpathy 2015): 1.1 million characters of his plays, as MaskCrypt's language model
 * is fine-tuned on (§6.3).
 */
export function tinyShakespeareIn(folder: () => string): Corpus {
  return {
    synthetic: false,
    naturalClients: 'speaker',
    read: () => readPlays(folder()),
    get: (progress) => download(file, pathIn(folder()), progress),
  };
}

const inDataFolder = tinyShakespeareIn(dataFolder);

export const tinyShakespeare = textSource(inDataFolder, CHARACTERS, {
  id: 'tiny-shakespeare',
  title: 'Tiny-Shakespeare, characters',
  trainSamples: 15_301,
  testSamples: 1_696,
});

export const tinyShakespearePairs = textSource(inDataFolder, BYTE_PAIRS, {
  id: 'tiny-shakespeare-bpe',
  title: 'Tiny-Shakespeare, byte pairs',
  trainSamples: 6_335,
  testSamples: 734,
});

export const tinyShakespeareGpt2 = textSource(inDataFolder, GPT2_TOKENS, {
  id: 'tiny-shakespeare-gpt2',
  title: 'Tiny-Shakespeare, tokens of GPT-2',
  trainSamples: 4_509,
  testSamples: 538,
});

/** @throws {DatasetError} when the file is missing or is not the published one */
async function readPlays(folder: string) {
  const play = await readPublishedText(file, pathIn(folder), 'tiny-shakespeare');
  // At the end of a speech: a sequence never spans both parts.
  const cut = play.indexOf('\n\n', TRAINING_SHARE * play.length) + 2;
  return { train: speakersOf(play.slice(0, cut)), test: speakersOf(play.slice(cut)) };
}
