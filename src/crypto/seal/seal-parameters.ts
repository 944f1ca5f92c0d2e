import type { ParameterSetId } from '../scheme.ts';

interface RingParameters {
  readonly id: ParameterSetId;
  /** N, the ring dimension. */
  readonly degree: number;
  /** Bits of the coefficient primes; the last one belongs to the keys only. */
  readonly primeBits: readonly number[];
  /** log2 of the scale of a plaintext weight; absent where the server only adds. */
  readonly weightBits?: number;
  /** Primes an aggregate needs at least, to hold its values and noise. */
  readonly aggregatePrimes: number;
}

export interface CkksParameters extends RingParameters {
  readonly scheme: 'ckks';
  /** log2 of the scale Δ. */
  readonly scaleBits: number;
}

export interface BfvParameters extends RingParameters {
  readonly scheme: 'bfv';
  /** Plaintext modulus t, a prime of the form 2Nk + 1, which allows batching. */
  readonly plainModulus: bigint;
  readonly encoding: 'fixed-point' | 'two-fields';
}

/** What SEAL needs to know of a parameter set. */
export type SealParameters = CkksParameters | BfvParameters;

const table: readonly SealParameters[] = [
  {
    id: 'ckks-tenseal',
    scheme: 'ckks',
    degree: 8192,
    primeBits: [60, 40, 40, 60],
    scaleBits: 40,
    weightBits: 40,
    aggregatePrimes: 1,
  },
  {
    id: 'ckks-fedmlhe',
    scheme: 'ckks',
    degree: 8192,
    primeBits: [60, 52, 60],
    scaleBits: 52,
    weightBits: 52,
    aggregatePrimes: 1,
  },
  {
    id: 'ckks-add',
    scheme: 'ckks',
    degree: 4096,
    primeBits: [54, 55],
    scaleBits: 40,
    aggregatePrimes: 1,
  },
  {
    id: 'ckks-threshold',
    scheme: 'ckks',
    degree: 8192,
    primeBits: [60, 60, 60],
    scaleBits: 100,
    aggregatePrimes: 2,
  },
  {
    id: 'bfv-maskcrypt',
    scheme: 'bfv',
    degree: 8192,
    primeBits: [43, 43, 44, 44, 44],
    plainModulus: 4_503_599_627_124_737n,
    encoding: 'fixed-point',
    weightBits: 24,
    aggregatePrimes: 2,
  },
  {
    id: 'bfv-pack23',
    scheme: 'bfv',
    degree: 8192,
    primeBits: [60, 60],
    // The smallest such prime above 2^46: every bit less leaves one more for the noise.
    plainModulus: 70_368_744_210_433n,
    encoding: 'two-fields',
    aggregatePrimes: 1,
  },
];

/** @throws {RangeError} for a set that does not run on SEAL. */
export function sealParameters(id: ParameterSetId): SealParameters {
  const found = table.find((parameters) => parameters.id === id);
  if (!found) throw new RangeError(`The parameter set "${id}" does not run on SEAL.`);
  return found;
}
