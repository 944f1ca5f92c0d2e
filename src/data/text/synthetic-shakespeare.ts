import { type RandomStream, randomStream } from '../../engine/random.ts';
import type { DatasetSource } from '../source.ts';
import { sequencesOf } from './sequences.ts';
import type { Speaker } from './speeches.ts';
import { CONTEXT, characters, characterText, textDataset } from './text-dataset.ts';

const SPEAKERS = 40;
const SEQUENCES = { train: 100, test: 10 };
/** Words of each kind that the language has, and that one speaker uses. */
const WORDS = 60;
const OWN_WORDS = 12;

/** A stand-in for Tiny-Shakespeare in the same characters: no download, quick to make. */
export const syntheticShakespeare: DatasetSource = {
  id: 'synthetic-tiny-shakespeare',
  title: 'synthetic dialogue (stand-in for Tiny-Shakespeare)',
  synthetic: true,
  ...characterText,
  trainSamples: SPEAKERS * SEQUENCES.train,
  testSamples: SPEAKERS * SEQUENCES.test,
  async load(limits) {
    const parts = { train: dialogue('train'), test: dialogue('test') };
    return textDataset(syntheticShakespeare, parts, limits);
  },
};

function dialogue(part: 'train' | 'test') {
  return sequencesOf(syntheticSpeakers(part), characters, CONTEXT);
}

/**
 * Speakers of an invented language: a small grammar over invented words, of which each speaker uses a
 * few more than others. Every text is exactly as long as its sequences.
 */
export function syntheticSpeakers(part: 'train' | 'test'): Speaker[] {
  const random = randomStream(0, 'synthetic-tiny-shakespeare');
  const language = lexicon(random.derive('lexicon'));
  return Array.from({ length: SPEAKERS }, (_, speaker) => {
    const of = random.derive('speaker', speaker);
    const own = lexiconOf(language, of);
    const name = capital(language.nouns[speaker] as string);
    const length = SEQUENCES[part] * (CONTEXT + 1);
    const stream = of.derive(part);
    let text = '';
    while (text.length < length) text += `${name}:\n${speech(own, stream)}\n\n`;
    return { name, text: text.slice(0, length) };
  });
}

interface Lexicon {
  readonly nouns: readonly string[];
  readonly verbs: readonly string[];
  readonly adjectives: readonly string[];
}

function lexicon(random: RandomStream): Lexicon {
  const words = new Set<string>();
  while (words.size < 3 * WORDS) words.add(word(random));
  const all = [...words];
  const kind = (at: number) => all.slice(at * WORDS, (at + 1) * WORDS);
  return { nouns: kind(0), verbs: kind(1), adjectives: kind(2) };
}

/** Two or three syllables. */
function word(random: RandomStream): string {
  const pick = (letters: string) => letters[random.integer(letters.length)] as string;
  const syllables = Array.from(
    { length: 2 + random.integer(2) },
    () => pick('bdfghklmnprstvwz') + pick('aeiou'),
  );
  return syllables.join('') + pick('nrst');
}

/** The words one speaker uses, in the order of how often. */
function lexiconOf({ nouns, verbs, adjectives }: Lexicon, random: RandomStream): Lexicon {
  const some = (words: readonly string[]) => random.shuffle(words).slice(0, OWN_WORDS);
  return { nouns: some(nouns), verbs: some(verbs), adjectives: some(adjectives) };
}

/** One to three sentences: subject, verb, object. */
function speech(own: Lexicon, random: RandomStream): string {
  // The smaller of two draws: early words are frequent, late ones rare.
  const pick = (words: readonly string[]) =>
    words[Math.min(random.integer(words.length), random.integer(words.length))] as string;
  const phrase = () =>
    random.uniform() < 0.4
      ? `the ${pick(own.adjectives)} ${pick(own.nouns)}`
      : `the ${pick(own.nouns)}`;
  const sentence = () => {
    const text = `${phrase()} ${pick(own.verbs)} ${phrase()}`;
    return `${capital(text)}${random.uniform() < 0.8 ? '.' : '?'}`;
  };
  return Array.from({ length: 1 + random.integer(3) }, sentence).join('\n');
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
