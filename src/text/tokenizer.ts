/** Text ⇄ token numbers. */
export interface Tokenizer {
  /** Number of different tokens; their numbers are 0 … vocabulary-1. */
  readonly vocabulary: number;
  /** @throws {RangeError} naming what it has no token for. */
  encode(text: string): Int32Array;
  /** @throws {RangeError} naming a number that is no token. */
  decode(tokens: ArrayLike<number>): string;
}
