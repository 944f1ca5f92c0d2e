import { bytePairTokenizer, GPT2_VOCABULARY } from '../../text/byte-pairs.ts';
import { characterTokenizer, SHAKESPEARE_ALPHABET } from '../../text/characters.ts';
import type { Tokenizer } from '../../text/tokenizer.ts';
import { limitedIndices, takeSamples } from '../samples.ts';
import type { DataLimits, DatasetSource } from '../source.ts';
import { type ClientText, sequencesOf } from './sequences.ts';

/** Tokens of a sequence that are given; the one after them is its label. */
export const CONTEXT = 64;

/** What texts are cut into. */
export interface Tokenization {
  readonly vocabulary: number;
  open(): Promise<Tokenizer>;
}

const characters = characterTokenizer(SHAKESPEARE_ALPHABET);

/** The characters of Tiny-Shakespeare. */
export const CHARACTERS: Tokenization = {
  vocabulary: characters.vocabulary,
  open: async () => characters,
};
/** The first 2,048 tokens of GPT-2: small models can learn so many. */
export const BYTE_PAIRS = bytePairs(2048);
/** All tokens of GPT-2. */
export const GPT2_TOKENS = bytePairs(GPT2_VOCABULARY);

function bytePairs(vocabulary: number): Tokenization {
  return { vocabulary, open: () => bytePairTokenizer(vocabulary) };
}

/** Texts of natural clients, and where they come from. */
export interface Corpus {
  readonly synthetic: boolean;
  /** What a natural client is: `speaker`, `article`. */
  readonly naturalClients: string;
  /** Texts to train on, and others that measure accuracy. */
  read(): Promise<{ readonly train: readonly ClientText[]; readonly test: readonly ClientText[] }>;
  get?: DatasetSource['get'];
}

/** A corpus in tokens, as a data set; its sizes are known without reading it. */
export function textSource(
  corpus: Corpus,
  tokenization: Tokenization,
  facts: Pick<DatasetSource, 'id' | 'title' | 'trainSamples' | 'testSamples'>,
): DatasetSource {
  const { synthetic, naturalClients, get } = corpus;
  const { id, title } = facts;
  const about = { id, title, synthetic, inputShape: [CONTEXT], classes: tokenization.vocabulary };
  return {
    ...facts,
    ...about,
    naturalClients,
    ...(get && { get }),
    async load({ limit, testLimit }: DataLimits) {
      const [{ train, test }, tokenizer] = await Promise.all([corpus.read(), tokenization.open()]);
      const [training, held] = [train, test].map((texts) =>
        sequencesOf(texts, tokenizer, CONTEXT),
      ) as [Sequences, Sequences];
      const kept = limitedIndices(id, 'train', training.count, limit);
      return {
        ...about,
        tokenizer,
        train: {
          ...takeSamples(training, kept),
          clientKeys: kept.map((index) => training.clientKeys[index] as number),
        },
        test: takeSamples(held, limitedIndices(id, 'test', held.count, testLimit)),
      };
    },
  };
}

type Sequences = ReturnType<typeof sequencesOf>;
