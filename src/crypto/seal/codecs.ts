import type { RandomStream } from '../../engine/random.ts';
import type { Context, PlainText, Seal } from './library.ts';
import type { BfvParameters, CkksParameters } from './seal-parameters.ts';

/** What a plaintext holds besides its values. */
export interface Content {
  /** Σ of the weights that clients multiplied in. */
  readonly weight: number;
  /** Into an aggregate the server may have multiplied weights. */
  readonly kind: 'upload' | 'aggregate';
}

/** Turns values into SEAL plaintexts and back. */
export interface Codec {
  readonly valuesPerPlaintext: number;
  /** Fills `plaintext` with weight · values; missing values are zero. */
  encode(values: Float32Array, weight: number, plaintext: PlainText, random: RandomStream): void;
  decode(plaintext: PlainText, content: Content): Float64Array;
}

/** One value per slot, in its real part. */
export function ckksCodec(seal: Seal, context: Context, parameters: CkksParameters): Codec {
  const encoder = seal.CKKSEncoder(context);
  const scale = 2 ** parameters.scaleBits;
  const weighted = new Float64Array(encoder.slotCount);
  return {
    valuesPerPlaintext: encoder.slotCount,
    encode(values, weight, plaintext) {
      // A loop: from() with a function takes a hundred times as long and leaves boxed numbers behind.
      for (let at = 0; at < values.length; at++) weighted[at] = weight * (values[at] as number);
      encoder.encode(weighted.subarray(0, values.length), scale, plaintext);
    },
    decode: (plaintext) => encoder.decode(plaintext),
  };
}

/** Rounded to multiples of 10^-5, one value per slot (MaskCrypt §6.1). */
export function fixedPointCodec(seal: Seal, context: Context, parameters: BfvParameters): Codec {
  const encoder = seal.BatchEncoder(context);
  const integers = new Int32Array(encoder.slotCount);
  const factor = 1e5;
  const weightScale = 2 ** (parameters.weightBits ?? 0);
  return {
    valuesPerPlaintext: encoder.slotCount,
    encode(values, weight, plaintext) {
      for (let at = 0; at < values.length; at++)
        integers[at] = Math.round(weight * (values[at] as number) * factor);
      encoder.encode(integers.subarray(0, values.length), plaintext);
    },
    decode(plaintext, { kind }) {
      const unit = kind === 'aggregate' ? factor * weightScale : factor;
      return Float64Array.from(encoder.decodeBigInt(plaintext), (value) => Number(value) / unit);
    },
  };
}

export const fieldBits = 23;
/** So many clients can add up without one field running into the next. */
export const largestFieldSum = 128;

/**
 * Two unsigned 23-bit fields per slot: value i in the low one, value N + i in the high one.
 *
 * A client's value v is clipped to ±R and becomes p_k (v + R) / 2R on a grid of
 * 2^23 - 1 - 128 steps. Because the weights p_k of an aggregate add up to at most 1, the sum of the
 * fields stays below 2^23 even if all of 128 clients round up.
 */
export function twoFieldsCodec(
  seal: Seal,
  context: Context,
  options: { readonly range: number; readonly rounding: 'nearest' | 'stochastic' },
): Codec {
  const encoder = seal.BatchEncoder(context);
  const slots = encoder.slotCount;
  const { range, rounding } = options;
  const steps = 2 ** fieldBits - 1 - largestFieldSum;
  const high = 2 ** fieldBits;
  return {
    valuesPerPlaintext: 2 * slots,
    encode(values, weight, plaintext, random) {
      const field = (value: number) => {
        const position =
          (weight * (Math.min(range, Math.max(-range, value)) + range) * steps) / (2 * range);
        return rounding === 'nearest'
          ? Math.round(position)
          : Math.floor(position + random.uniform());
      };
      // Little-endian pairs of 32-bit words: far faster than 8,192 BigInts.
      const words = new Uint32Array(2 * slots);
      for (let at = 0; at < Math.min(slots, values.length); at++) {
        const packed = field(values[at] as number) + high * field(values[at + slots] ?? -range);
        words[2 * at] = packed % 2 ** 32;
        words[2 * at + 1] = Math.floor(packed / 2 ** 32);
      }
      encoder.encode(new BigUint64Array(words.buffer), plaintext);
    },
    decode(plaintext, { weight }) {
      const packed = encoder.decodeBigInt(plaintext, false);
      const values = new Float64Array(2 * slots);
      for (let at = 0; at < slots; at++) {
        const both = Number(packed[at]);
        values[at] = ((both % high) * 2 * range) / steps - weight * range;
        values[at + slots] = (Math.floor(both / high) * 2 * range) / steps - weight * range;
      }
      return values;
    },
  };
}
