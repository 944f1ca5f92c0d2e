import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** What a stream is derived from, besides the seed: purpose, cell, client, round. */
export type StreamLabel = string | number;

/**
 * A seeded stream of random numbers. Two streams with different labels are independent; the same
 * labels give the same numbers on every machine.
 */
export interface RandomStream {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal (Box–Muller, both values used). */
  normal(): number;
  /** Uniform integer in [0, bound), without modulo bias. */
  integer(bound: number): number;
  /** A new array with the items in random order (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** A random permutation of 0 … length-1. */
  permutation(length: number): Uint32Array;
  /** `count` distinct indices below `length`, in random order. */
  sample(length: number, count: number): Uint32Array;
  /** A stream of its own, derived from this one's labels and the given ones. */
  derive(...labels: StreamLabel[]): RandomStream;
}

/**
 * Opens the stream of (seed, labels): its state is the first 128 bits of
 * sha256(JSON([seed, ...labels])).
 *
 * @throws {RangeError} from `integer`, `sample`: a bound outside 1 … 2^32, or more samples than items.
 */
export function randomStream(seed: number | string, ...labels: StreamLabel[]): RandomStream {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...labels]))
    .digest();
  // pure-rand seeds from 32 bits; the whole digest goes into the generator's 128-bit state instead.
  const word = (at: number) => digest.readInt32LE(4 * at);
  const generator = xoroshiro128plusFromState([word(0), word(1), word(2), word(3)]);
  const bits32 = () => generator.next() >>> 0;
  let spareNormal: number | undefined;

  const stream: RandomStream = {
    uniform: () => ((bits32() >>> 5) * 0x4000000 + (bits32() >>> 6)) / 0x20000000000000,
    normal() {
      if (spareNormal !== undefined) {
        const value = spareNormal;
        spareNormal = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - stream.uniform()));
      const angle = 2 * Math.PI * stream.uniform();
      spareNormal = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    integer(bound) {
      if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32)
        throw new RangeError(`a bound of ${bound} is outside 1 … 2^32`);
      const limit = 2 ** 32 - (2 ** 32 % bound);
      for (;;) {
        const word = bits32();
        if (word < limit) return word % bound;
      }
    },
    shuffle(items) {
      const order = stream.permutation(items.length);
      return Array.from(order, (index) => items[index] as (typeof items)[number]);
    },
    permutation: (length) => stream.sample(length, length),
    sample(length, count) {
      if (count > length) throw new RangeError(`${count} distinct indices out of ${length}`);
      const indices = Uint32Array.from({ length }, (_, index) => index);
      for (let at = 0; at < count; at++) {
        const other = at + stream.integer(length - at);
        const value = indices[other] as number;
        indices[other] = indices[at] as number;
        indices[at] = value;
      }
      return indices.slice(0, count);
    },
    derive: (...more) => randomStream(seed, ...labels, ...more),
  };
  return stream;
}
