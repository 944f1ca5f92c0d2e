import type { Tokenizer } from './tokenizer.ts';

/** One token per character of an alphabet, numbered in its order. */
export function characterTokenizer(alphabet: string): Tokenizer {
  const characters = [...alphabet];
  const numbers = new Map(characters.map((character, number) => [character, number]));
  if (numbers.size !== characters.length)
    throw new RangeError('an alphabet names every character once');
  return {
    vocabulary: characters.length,
    encode: (text) =>
      Int32Array.from([...text], (character, at) => {
        const number = numbers.get(character);
        if (number === undefined)
          throw new RangeError(
            `character ${at} of the text, ${JSON.stringify(character)}, is not in the alphabet`,
          );
        return number;
      }),
    decode: (tokens) =>
      Array.from(tokens, (number) => {
        const character = characters[number];
        if (character === undefined)
          throw new RangeError(`there is no token ${number} among ${characters.length}`);
        return character;
      }).join(''),
  };
}

/** The 65 characters of Tiny-Shakespeare, in code-point order. */
export const SHAKESPEARE_ALPHABET =
  "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
