import type { LabelledSamples } from '../../src/data/dataset.ts';

/** What a pair's frequency counts for, against the token's own: pseudo-observations. */
const SMOOTHING = 2;

/**
 * The attacker's language model: frequencies of pairs in its own texts, smoothed by those of single
 * tokens, and these by one of each.
 */
export class Bigrams {
  readonly #vocabulary: number;
  readonly #total: number;
  readonly #single: Float64Array;
  readonly #pairs = new Map<number, number>();

  constructor({ count, inputs, labels }: LabelledSamples, vocabulary: number) {
    this.#vocabulary = vocabulary;
    this.#single = new Float64Array(vocabulary);
    const length = inputs.length / Math.max(1, count);
    for (let sample = 0; sample < count; sample++) {
      const text = [...inputs.subarray(sample * length, (sample + 1) * length)];
      text.push(labels[sample] as number);
      text.forEach((token, at) => {
        this.#single[token] = (this.#single[token] as number) + 1;
        const previous = text[at - 1];
        if (previous === undefined) return;
        const pair = previous * vocabulary + token;
        this.#pairs.set(pair, (this.#pairs.get(pair) ?? 0) + 1);
      });
    }
    this.#total = this.#single.reduce((sum, each) => sum + each, 0);
  }

  /** Share of a token, over all. */
  share(token: number): number {
    return ((this.#single[token] as number) + 1) / (this.#total + this.#vocabulary);
  }

  /** −ln p of a token after another one. */
  surprise(previous: number, token: number): number {
    const pair = this.#pairs.get(previous * this.#vocabulary + token) ?? 0;
    const after = this.#single[previous] as number;
    return -Math.log((pair + SMOOTHING * this.share(token)) / (after + SMOOTHING));
  }

  /** −ln p of a text's tokens, the mean over all but the first. */
  loss(text: ArrayLike<number>): number {
    let sum = 0;
    for (let at = 1; at < text.length; at++)
      sum += this.surprise(text[at - 1] as number, text[at] as number);
    return sum / Math.max(1, text.length - 1);
  }
}
