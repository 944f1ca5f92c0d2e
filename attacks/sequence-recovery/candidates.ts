import type { RandomStream } from '../../src/engine/random.ts';
import type { Model } from '../../src/models/model.ts';
import type { Exposure } from '../../src/view/adversaries.ts';
import { movedTokens } from '../token-recovery/moved-rows.ts';
import type { Bigrams } from './bigrams.ts';
import type { TextProblem } from './matching.ts';
import type { SpannedTexts } from './texts-from-spans.ts';

/** All tokens are candidates in a vocabulary as small as that, else so many per token of the texts. */
const SMALL_VOCABULARY = 256;
const PER_TOKEN = 4;

/** Tokens that texts are made of. */
export interface Candidates {
  /** Their numbers. */
  readonly tokens: Int32Array;
  /** Those whose embeddings moved by themselves. */
  readonly moved: ReadonlySet<number>;
}

/** @param places number of tokens of all texts */
export function candidateTokens(
  exposure: Exposure,
  model: Model,
  bigrams: Bigrams,
  places: number,
): Candidates {
  const { layout, classes, language } = model;
  const isExchanged = layout.entries.some(({ name }) => name === language?.embedding);
  const found = isExchanged ? movedTokens(exposure, model, new Set()) : undefined;
  const moved = new Set(found);
  const all = Int32Array.from({ length: classes }, (_, token) => token);
  if (classes <= SMALL_VOCABULARY) return { tokens: all, moved };
  const rank = (token: number) => (moved.has(token) ? 1 : 0) + bigrams.share(token);
  const tokens = all.sort((a, b) => rank(b) - rank(a)).slice(0, PER_TOKEN * places);
  return { tokens, moved };
}

/** What a moved embedding, a token that the span test names, and noise count for among logits. */
const MOVED = 2;
const NAMED = 10;
const NOISE = 0.1;
/** Logits per e-fold that a token is farther from the space than the one named. */
const PER_DISTANCE = 4;
/** Distances below this are rounding. */
const ROUNDING = 1e-4;

/**
 * Where the search begins, [samples · length, candidates]: at what the span test named, whose texts lack
 * the last token, and elsewhere at noise around what is likely without an order.
 */
export function firstLogits(
  { samples, length }: TextProblem,
  { tokens, moved }: Candidates,
  known: {
    readonly spanned: SpannedTexts | undefined;
    readonly bigrams: Bigrams;
    readonly random: RandomStream;
  },
): Float32Array {
  const { spanned, bigrams, random } = known;
  const logits = new Float32Array(samples * length * tokens.length);
  for (let place = 0; place < samples * length; place++) {
    const position = place % length;
    const text = spanned?.texts[Math.floor(place / length)];
    const [previous, named] = [text?.[position - 1], text?.[position]];
    const likely = (token: number) => {
      const noise = NOISE * random.normal() + (moved.has(token) ? MOVED : 0);
      if (named === undefined)
        return noise - (previous === undefined ? 0 : bigrams.surprise(previous, token));
      if (!spanned?.distance) return noise + (named === token ? NAMED : 0);
      const times =
        (ROUNDING + spanned.distance(token, position)) /
        (ROUNDING + spanned.distance(named, position));
      return noise - PER_DISTANCE * Math.log(times);
    };
    tokens.forEach((token, at) => {
      logits[place * tokens.length + at] = likely(token);
    });
  }
  return logits;
}
