import type { RandomStream } from '../../engine/random.ts';
import type { SchemeOptions } from '../scheme-options.ts';

/** Turns values into integers, which Paillier encrypts, and back. Integers may be negative. */
export interface IntegerCodec {
  readonly valuesPerInteger: number;
  /** Whether the server multiplies weights in. */
  readonly weightedByServer: boolean;
  encode(values: Float32Array, weight: number, random: RandomStream): bigint;
  /** @param kind of the vector it was taken from: an aggregate is scaled by the server's weights */
  decode(integer: bigint, kind: 'upload' | 'aggregate'): Float64Array;
}

const valueBits = 32;
export const weightBits = 40;

/** One value as a multiple of 2^-32. */
export const singleValueCodec: IntegerCodec = {
  valuesPerInteger: 1,
  weightedByServer: true,
  encode: (values, weight) => BigInt(Math.round(weight * (values[0] as number) * 2 ** valueBits)),
  decode(integer, kind) {
    const scale = kind === 'aggregate' ? valueBits + weightBits : valueBits;
    return Float64Array.of(Number(integer) / 2 ** scale);
  },
};

/** 191 lanes of 16 bits are 3056 bits, below a modulus of 3072. */
const laneBits = 16n;
const lanes = 191;
/** So many clients may round up in a lane before it overflows. */
const largestSum = 128;
const steps = 2 ** 15 - 1 - largestSum;

/** Two's complement of 8-bit values with a second sign bit, which shows an overflow of the sum. */
const complementBits = 9;
const largestByte = 127;

/**
 * BatchCrypt (USENIX ATC 2020, §4): clipped values on a grid of 127 steps per side, rounded
 * stochastically, in two's complement with two sign bits, side by side. The bits above, here 7,
 * collect the carries of up to 2^7 negative values. A sum beyond the grid saturates. As in the
 * released code the grid is that of the sum (its r_max is the clients' number times the clipping
 * threshold): a client quantises p_k · clip(v).
 */
export function batchCryptCodec({ range }: SchemeOptions): IntegerCodec {
  const modulus = 2 ** complementBits;
  return {
    valuesPerInteger: lanes,
    weightedByServer: false,
    encode(values, weight, random) {
      let packed = 0n;
      for (let at = values.length - 1; at >= 0; at--) {
        const clipped = Math.min(range, Math.max(-range, values[at] as number));
        const position = (weight * clipped * largestByte) / range;
        const rounded = Math.floor(position + random.uniform());
        packed = (packed << laneBits) + BigInt((rounded + modulus) % modulus);
      }
      return packed;
    },
    decode(integer) {
      let rest = integer;
      return Float64Array.from({ length: lanes }, () => {
        const sum = Number(BigInt.asIntN(complementBits, rest));
        rest >>= laneBits;
        return (Math.min(largestByte, Math.max(-largestByte, sum)) * range) / largestByte;
      });
    },
  };
}

/**
 * The same lanes with wider values: Σ_i q_i · 2^{16 i}
 * with q_i = p_k · clip(v_i) on a grid of 2^15 - 1 - 128 steps per side. Negative lanes borrow from
 * the next, which decoding gives back from the lowest lane upwards. Because the weights p_k of an
 * aggregate add up to at most 1, no lane of up to 128 clients overflows.
 */
export function lanesCodec({ range, rounding }: SchemeOptions): IntegerCodec {
  return {
    valuesPerInteger: lanes,
    weightedByServer: false,
    encode(values, weight, random) {
      let packed = 0n;
      for (let at = values.length - 1; at >= 0; at--) {
        const clipped = Math.min(range, Math.max(-range, values[at] as number));
        const position = (weight * clipped * steps) / range;
        const lane =
          rounding === 'nearest' ? Math.round(position) : Math.floor(position + random.uniform());
        packed = (packed << laneBits) + BigInt(lane);
      }
      return packed;
    },
    decode(integer) {
      let rest = integer;
      return Float64Array.from({ length: lanes }, () => {
        const lane = BigInt.asIntN(Number(laneBits), rest);
        rest = (rest - lane) >> laneBits;
        return (Number(lane) * range) / steps;
      });
    },
  };
}
