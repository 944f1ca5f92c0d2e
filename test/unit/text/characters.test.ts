import fc from 'fast-check';
import { expect, test } from 'vitest';
import { characterTokenizer, SHAKESPEARE_ALPHABET } from '../../../src/text/characters.ts';

const tokenizer = characterTokenizer(SHAKESPEARE_ALPHABET);

test('texts come back, a token per character, numbered in code-point order', () => {
  expect(tokenizer.vocabulary).toBe(65);
  expect([...tokenizer.encode('\n !Az')]).toEqual([0, 1, 2, 13, 64]);
  const text = fc.string({ unit: fc.constantFrom(...SHAKESPEARE_ALPHABET) });
  fc.assert(
    fc.property(text, (written) => tokenizer.decode(tokenizer.encode(written)) === written),
  );
});

test('what is not in the alphabet is named', () => {
  expect(() => tokenizer.encode('ab#')).toThrow(/character 2 of the text, "#"/);
  expect(() => tokenizer.decode([3, 65])).toThrow(/no token 65 among 65/);
  expect(() => characterTokenizer('aba')).toThrow(/every character once/);
});
