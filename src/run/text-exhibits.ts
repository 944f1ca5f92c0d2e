import type { RecoveredTokens, TextOutput } from '../api/attack.ts';
import type { TextExhibit, TextStretch, TokenFate } from '../api/results.ts';
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
  answers: { readonly truth: GroundTruth; readonly auxiliary: AuxiliaryKnowledge },
  tokenizer: Tokenizer,
): TextExhibit[] {
  const { truth, auxiliary } = answers;
  const draw = (tokens: Int32Array, fate: (token: number, at: number) => TokenFate) =>
    stretches(tokens, fate, tokenizer);
  return targets.flatMap((target): TextExhibit[] => {
    const { client, round, from, guessedText } = target;
    const localSteps =
      auxiliary.reconstruction.find((one) => one.client === client && one.round === round)
        ?.localSteps ?? 0;
    const about = { client, round, localSteps, from };
    const pairs = sequencePairs(target, truth);
    if (!pairs) return [{ ...about, ordered: false, ...unordered(target, truth, draw) }];
    return pairs.map(({ original, answer }) => ({
      ...{ ...about, ordered: true },
      original: draw(original, placedAs(answer)),
      answer: draw(answer, placedAs(original)),
      ...(guessedText && { guess: draw(guessedText, placedAs(original)) }),
    }));
  });
}

function unordered(
  target: RecoveredTokens,
  truth: GroundTruth,
  draw: (tokens: Int32Array, fate: (token: number) => TokenFate) => TextStretch[],
) {
  const { tokens, guess } = target;
  const original = Int32Array.from(
    probeSequences(probeOf(target, truth)).flatMap((sequence) => [...sequence]),
  );
  return {
    original: draw(original, namedIn(tokens)),
    answer: draw(tokens, namedIn(original)),
    guess: draw(guess, namedIn(original)),
  };
}

function namedIn(other: Int32Array): (token: number) => TokenFate {
  const named = new Set(other);
  return (token) => (named.has(token) ? 'right' : 'wrong');
}

function placedAs(other: Int32Array): (token: number, at: number) => TokenFate {
  const named = new Set(other);
  return (token, at) => (other[at] === token ? 'right' : named.has(token) ? 'elsewhere' : 'wrong');
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
  return runs.map(({ fate, tokens: own }) => ({ text: tokenizer.decode(own), fate }));
}
