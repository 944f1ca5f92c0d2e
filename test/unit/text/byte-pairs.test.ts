import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/r50k_base';
import { expect, test } from 'vitest';
import { bytePairTokenizer, GPT2_VOCABULARY } from '../../../src/text/byte-pairs.ts';

const gpt2 = await bytePairTokenizer();
const short = await bytePairTokenizer(2048);

test('gives published numbers', () => {
  expect(gpt2.vocabulary).toBe(GPT2_VOCABULARY);
  // From OpenAI's and Hugging Face's documentation of GPT-2's tokenizer.
  expect([...gpt2.encode('Hello world')]).toEqual([15496, 995]);
  expect([...gpt2.encode(' Hello world')]).toEqual([18435, 995]);
  expect(gpt2.decode([50256])).toBe('<|endoftext|>');
});

test('every text is what its tokens say, in the whole vocabulary and in its beginning', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      for (const tokenizer of [gpt2, short]) {
        const tokens = tokenizer.encode(text);
        expect(tokenizer.decode(tokens)).toBe(text);
        expect(tokens.every((token) => token < tokenizer.vocabulary)).toBe(true);
      }
      // The package's own way in; a text that names the end of a text is refused there.
      if (!text.includes('<|')) expect([...gpt2.encode(text)]).toEqual(encode(text));
    }),
  );
});

test('the end of a text that somebody wrote is ordinary text', () => {
  const tokens = gpt2.encode('a <|endoftext|>');
  expect([...tokens]).not.toContain(50256);
  expect(gpt2.decode(tokens)).toBe('a <|endoftext|>');
});

test('a word that the beginning of the vocabulary lacks is spelled by its pieces', async () => {
  const word = ' parliamentary';
  expect(gpt2.encode(word)).toHaveLength(1);
  const pieces = [...short.encode(word)].map((token) => short.decode([token]));
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.join('')).toBe(word);
  const bytes = await bytePairTokenizer(256);
  expect(bytes.encode(word)).toHaveLength(word.length);
  expect(bytes.encode('ü')).toHaveLength(2);
});

test('what is no token, or no vocabulary, is named', async () => {
  expect(() => short.decode([1, 2048])).toThrow(/no token 2048 among 2048/);
  expect(() => short.decode([-1])).toThrow(/no token -1/);
  await expect(bytePairTokenizer(100)).rejects.toThrow(/from 256 to 50257 tokens, not 100/);
});
