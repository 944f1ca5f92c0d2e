import { type RandomStream, randomStream } from '../../engine/random.ts';
import { capital, clause, inventedWords, type Lexicon, ownWords } from './invented-language.ts';
import type { ClientText } from './sequences.ts';
import {
  BYTE_PAIRS,
  CHARACTERS,
  CONTEXT,
  type Corpus,
  GPT2_TOKENS,
  textSource,
} from './text-dataset.ts';

const SPEAKERS = 40;
/** Of characters, per speaker. */
const SEQUENCES = { train: 100, test: 10 };

const dialogue: Corpus = {
  synthetic: true,
  naturalClients: 'speaker',
  read: async () => ({ train: syntheticSpeakers('train'), test: syntheticSpeakers('test') }),
};

/** A stand-in for Tiny-Shakespeare in the same characters: no download, quick to make. */
export const syntheticShakespeare = textSource(dialogue, CHARACTERS, {
  id: 'synthetic-tiny-shakespeare',
  title: 'synthetic dialogue (stand-in for Tiny-Shakespeare)',
  trainSamples: SPEAKERS * SEQUENCES.train,
  testSamples: SPEAKERS * SEQUENCES.test,
});

export const syntheticShakespearePairs = textSource(dialogue, BYTE_PAIRS, {
  id: 'synthetic-tiny-shakespeare-bpe',
  title: 'synthetic dialogue (stand-in for Tiny-Shakespeare), byte pairs',
  trainSamples: 2_085,
  testSamples: 200,
});

export const syntheticShakespeareGpt2 = textSource(dialogue, GPT2_TOKENS, {
  id: 'synthetic-tiny-shakespeare-gpt2',
  title: 'synthetic dialogue (stand-in for Tiny-Shakespeare), tokens of GPT-2',
  trainSamples: 1_760,
  testSamples: 160,
});

/**
 * Speakers of an invented language: a small grammar over invented words, of which each speaker uses a
 * few more than others. Every text is exactly as long as its sequences of characters.
 */
export function syntheticSpeakers(part: 'train' | 'test'): ClientText[] {
  const random = randomStream(0, 'synthetic-tiny-shakespeare');
  const language = inventedWords();
  return Array.from({ length: SPEAKERS }, (_, speaker) => {
    const of = random.derive('speaker', speaker);
    const own = ownWords(language, of);
    const name = capital(language.nouns[speaker] as string);
    const length = SEQUENCES[part] * (CONTEXT + 1);
    const stream = of.derive(part);
    let text = '';
    while (text.length < length) text += `${name}:\n${speech(own, stream)}\n\n`;
    return { name, text: text.slice(0, length) };
  });
}

/** One to three sentences. */
function speech(own: Lexicon, random: RandomStream): string {
  const sentence = () => `${capital(clause(own, random))}${random.uniform() < 0.8 ? '.' : '?'}`;
  return Array.from({ length: 1 + random.integer(3) }, sentence).join('\n');
}
