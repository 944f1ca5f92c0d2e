import type { ParameterSet } from './scheme.ts';

/** Choices within a parameter set. All parties of a federation make the same. */
export interface SchemeOptions {
  /** Values are clipped to ± this before they are packed (`bfv-pack23` and packed Paillier). */
  readonly range: number;
  /**
   * How packed values are rounded; `stochastic` has no bias and draws from `seed`.
   * `paillier-3072-batchcrypt` is always stochastic, like its paper.
   */
  readonly rounding: 'nearest' | 'stochastic';
  readonly seed: number | string;
  /** `full-slot` fills both halves of every CKKS slot: half the ciphertexts per value. */
  readonly packing: 'real' | 'full-slot';
  /** `seeded` halves an upload by sending a seed for its random half; the client needs the secret key. */
  readonly uploads: 'public-key' | 'seeded';
  /** `fewest-primes` drops the primes that the aggregate no longer needs. */
  readonly downloads: 'as-computed' | 'fewest-primes';
  /**
   * `paillier-3072-batchcrypt` only, for cost studies: so many ciphertexts of a vector are real, the
   * others are emulated by the integers inside (`sampleKeyRing`). Absent: all are real.
   */
  readonly realCiphertexts?: number;
}

export const defaultOptions: SchemeOptions = {
  range: 1,
  rounding: 'nearest',
  seed: 0,
  packing: 'real',
  uploads: 'public-key',
  downloads: 'as-computed',
};

/** Bytes of SEAL's header, and of the seed with its own header. */
const headerBytes = 113;
const seedBytes = 81;

/**
 * What the options make of a set's facts.
 *
 * @throws {RangeError} an option that the set does not have.
 */
export function withOptions(set: ParameterSet, options: SchemeOptions): ParameterSet {
  const { packing, uploads, range } = options;
  if (!(range > 0 && Number.isFinite(range)))
    throw new RangeError(`A range of ${range}: give a positive number.`);
  if (packing === 'full-slot' && set.scheme !== 'ckks')
    throw new RangeError(`Full-slot packing exists for CKKS, not for ${set.id}.`);
  if (uploads === 'seeded' && set.scheme !== 'ckks' && set.scheme !== 'bfv')
    throw new RangeError(`Seeded uploads exist for CKKS and BFV, not for ${set.id}.`);
  return {
    ...set,
    valuesPerCiphertext: set.valuesPerCiphertext * (packing === 'full-slot' ? 2 : 1),
    ciphertextBytes:
      uploads === 'seeded'
        ? headerBytes + (set.ciphertextBytes - headerBytes) / 2 + seedBytes
        : set.ciphertextBytes,
  };
}
