import type { RecoveredTokens, TextOutput } from '../api/attack.ts';
import type { TextExhibit, TextReading, TextStretch, TokenFate } from '../api/results.ts';
import { probeOf } from '../metrics/images.ts';
import { probeSequences, sequencePairs } from '../metrics/text/sequences.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { AuxiliaryKnowledge } from '../view/auxiliary.ts';
import type { GroundTruth } from '../view/ground-truth.ts';

/**
 * Texts and what an attack recovered of them, side by side: one exhibit per text where the answer has
 * an order, else one per probe client.
 */
export function textExhibits(
  { targets }: TextOutput,
  answers: {
    readonly truth: GroundTruth;
    readonly auxiliary: Pick<AuxiliaryKnowledge, 'reconstruction'>;
  },
  tokenizer: Tokenizer,
): TextExhibit[] {
  const { truth, auxiliary } = answers;
  return targets.flatMap((target): TextExhibit[] => {
    const { client, round, from, guess, guessedText } = target;
    const localSteps =
      auxiliary.reconstruction.find((one) => one.client === client && one.round === round)
        ?.localSteps ?? 0;
    const about = { client, round, localSteps, from };
    const pairs = sequencePairs(target, truth);
    if (!pairs) {
      const text = wholeText(target, truth);
      const read = (tokens: Int32Array) => unordered(text, tokens, tokenizer);
      return [{ ...about, ordered: false, ...read(target.tokens), guess: read(guess) }];
    }
    return pairs.map(({ original, answer }) => ({
      ...{ ...about, ordered: true },
      ...ordered(original, answer, tokenizer),
      ...(guessedText && { guess: ordered(original, guessedText, tokenizer) }),
    }));
  });
}

/** All sequences of a probe client, one after the other. */
function wholeText(target: RecoveredTokens, truth: GroundTruth): Int32Array {
  const sequences = probeSequences(probeOf(target, truth));
  return Int32Array.from(sequences.flatMap((sequence) => [...sequence]));
}

function unordered(original: Int32Array, named: Int32Array, tokenizer: Tokenizer): TextReading {
  const namedIn = (other: Int32Array) => {
    const tokens = new Set(other);
    return (token: number): TokenFate => (tokens.has(token) ? 'right' : 'wrong');
  };
  const fate = namedIn(original);
  return {
    original: stretches(original, namedIn(named), tokenizer),
    answer: Array.from(named, (token) => ({
      text: tokenizer.decode([token]),
      tokens: 1,
      fate: fate(token),
    })),
  };
}

function ordered(original: Int32Array, answer: Int32Array, tokenizer: Tokenizer): TextReading {
  const placedAs = (other: Int32Array) => {
    const tokens = new Set(other);
    return (token: number, at: number): TokenFate =>
      other[at] === token ? 'right' : tokens.has(token) ? 'elsewhere' : 'wrong';
  };
  return {
    original: stretches(original, placedAs(answer), tokenizer),
    answer: stretches(answer, placedAs(original), tokenizer),
  };
}

/** Tokens in a row of one fate are decoded together: a character may take several tokens. */
function stretches(
  tokens: Int32Array,
  fateOf: (token: number, at: number) => TokenFate,
  tokenizer: Tokenizer,
): TextStretch[] {
  const runs: { fate: TokenFate; tokens: number[] }[] = [];
  tokens.forEach((token, at) => {
    const fate = fateOf(token, at);
    const last = runs.at(-1);
    if (last?.fate === fate) last.tokens.push(token);
    else runs.push({ fate, tokens: [token] });
  });
  return runs.map(({ fate, tokens: own }) => ({
    text: tokenizer.decode(own),
    tokens: own.length,
    fate,
  }));
}
