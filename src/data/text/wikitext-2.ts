import { join } from 'node:path';
import { sha1 } from '../checksums.ts';
import { dataFolder } from '../data-folder.ts';
import { download, type OfficialFile } from '../download.ts';
import { articlesOf } from './articles.ts';
import { readPublishedText } from './published-text.ts';
import { BYTE_PAIRS, type Corpus, GPT2_TOKENS, textSource } from './text-dataset.ts';

// The authors' own address no longer answers; the checksums are of the files in their archive.
const COPY =
  'https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2';
const parts: Readonly<Record<'train' | 'test', OfficialFile & { readonly name: string }>> = {
  train: {
    name: 'wiki.train.tokens',
    url: `${COPY}/train.txt`,
    checksum: sha1('863f29c46ef9d167fff4940ec821195882fe29d1'),
  },
  test: {
    name: 'wiki.test.tokens',
    url: `${COPY}/test.txt`,
    checksum: sha1('c7b8ce0aa086fb34dab808c5c49224211eb2b172'),
  },
};

/**
 * WikiText-2 (Merity et al. 2017): 600 articles of Wikipedia to train on, 60 others that measure
 * accuracy, in its tokenised form (words apart, rare ones as `<unk>`); CC BY-SA.
 */
export function wikitext2In(folder: () => string): Corpus {
  const pathOf = (part: 'train' | 'test') => join(folder(), 'text', parts[part].name);
  const read = async (part: 'train' | 'test') =>
    articlesOf(await readPublishedText(parts[part], pathOf(part), 'wikitext-2-bpe'));
  return {
    synthetic: false,
    naturalClients: 'article',
    async read() {
      // One after the other: of two missing files the same is named every time.
      return { train: await read('train'), test: await read('test') };
    },
    async get(progress) {
      for (const part of ['train', 'test'] as const)
        await download(parts[part], pathOf(part), progress);
    },
  };
}

const inDataFolder = wikitext2In(dataFolder);

export const wikitext2Pairs = textSource(inDataFolder, BYTE_PAIRS, {
  id: 'wikitext-2-bpe',
  title: 'WikiText-2, byte pairs',
  trainSamples: 59_040,
  testSamples: 7_035,
});

export const wikitext2Gpt2 = textSource(inDataFolder, GPT2_TOKENS, {
  id: 'wikitext-2-gpt2',
  title: 'WikiText-2, tokens of GPT-2',
  trainSamples: 37_372,
  testSamples: 4_525,
});
