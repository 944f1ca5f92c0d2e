import type { Tokenizer } from './tokenizer.ts';

/** Tokens of GPT-2: 256 bytes, 50,000 merges and the end of a text. */
export const GPT2_VOCABULARY = 50_257;
/** The last token of GPT-2; no text is encoded into it. */
const END_OF_TEXT = '<|endoftext|>';
const BYTES = 256;

const opened = new Map<number, Promise<Tokenizer>>();

/**
 * GPT-2's byte-pair encoding, or its first merges alone: tokens are numbered in the order in which
 * they were merged, so that the first `vocabulary` of them are an encoding of their own, with GPT-2's
 * numbers. What a whole word would be in GPT-2 then is spelled by shorter pieces, down to single
 * bytes; every text has an encoding and is what its tokens decode to. Nothing depends on a corpus.
 * Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", §2.2.
 *
 * @throws {RangeError} when the vocabulary can't be one
 */
export function bytePairTokenizer(vocabulary: number = GPT2_VOCABULARY): Promise<Tokenizer> {
  const tokenizer = opened.get(vocabulary) ?? open(vocabulary);
  opened.set(vocabulary, tokenizer);
  return tokenizer;
}

async function open(vocabulary: number): Promise<Tokenizer> {
  if (!Number.isInteger(vocabulary) || vocabulary < BYTES || vocabulary > GPT2_VOCABULARY)
    throw new RangeError(
      `GPT-2's encoding has from ${BYTES} to ${GPT2_VOCABULARY} tokens, not ${vocabulary}`,
    );
  // Loaded where it is needed: every process of a run knows all data sets.
  const [{ BytePairEncodingCore }, { default: ranks }, { getEncodingParams }] = await Promise.all([
    import('gpt-tokenizer/BytePairEncodingCore'),
    import('gpt-tokenizer/bpeRanks/r50k_base'),
    import('gpt-tokenizer/modelParams'),
  ]);
  const { tokenSplitRegex } = getEncodingParams('r50k_base', () => ranks);
  const core = new BytePairEncodingCore({
    bytePairRankDecoder: ranks.slice(0, vocabulary),
    tokenSplitRegex,
  });
  return {
    vocabulary,
    encode: (text) => Int32Array.from(core.encodeNative(text)),
    decode(tokens) {
      const numbers = Array.from(tokens);
      const unknown = numbers.find(
        (number) => !(Number.isInteger(number) && number >= 0 && number < vocabulary),
      );
      if (unknown !== undefined)
        throw new RangeError(`there is no token ${unknown} among ${vocabulary}`);
      return texts(numbers, ranks.length)
        .map((part) => core.decodeNative(part))
        .join(END_OF_TEXT);
    },
  };
}

/** The numbers between ends of text. */
function texts(numbers: readonly number[], end: number): number[][] {
  const parts: number[][] = [[]];
  for (const number of numbers)
    if (number === end) parts.push([]);
    else parts.at(-1)?.push(number);
  return parts;
}
