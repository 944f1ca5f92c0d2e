import { type RandomStream, randomStream } from '../../engine/random.ts';

/** Words of each kind that the language has, and that one client uses. */
const WORDS = 60;
const OWN_WORDS = 12;

/** Words of each kind, in the order of how often they are used. */
export interface Lexicon {
  readonly nouns: readonly string[];
  readonly verbs: readonly string[];
  readonly adjectives: readonly string[];
}

/** The words of the language that the suite's synthetic texts are written in. */
export function inventedWords(): Lexicon {
  const random = randomStream(0, 'synthetic-tiny-shakespeare', 'lexicon');
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

/** The words that one client uses. */
export function ownWords({ nouns, verbs, adjectives }: Lexicon, random: RandomStream): Lexicon {
  const some = (words: readonly string[]) => random.shuffle(words).slice(0, OWN_WORDS);
  return { nouns: some(nouns), verbs: some(verbs), adjectives: some(adjectives) };
}

/** Subject, verb, object, without a capital and a full stop. */
export function clause(own: Lexicon, random: RandomStream): string {
  // The smaller of two draws: early words are frequent, late ones rare.
  const pick = (words: readonly string[]) =>
    words[Math.min(random.integer(words.length), random.integer(words.length))] as string;
  const phrase = () =>
    random.uniform() < 0.4
      ? `the ${pick(own.adjectives)} ${pick(own.nouns)}`
      : `the ${pick(own.nouns)}`;
  return `${phrase()} ${pick(own.verbs)} ${phrase()}`;
}

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
