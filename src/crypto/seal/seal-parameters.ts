import type { ParameterSetId } from '../scheme.ts';

/** What SEAL needs to know of a parameter set. */
export interface SealParameters {
  readonly id: ParameterSetId;
  readonly scheme: 'ckks';
  /** N, the ring dimension. */
  readonly degree: number;
  /** Bits of the coefficient primes; the last one belongs to the keys only. */
  readonly primeBits: readonly number[];
  /** log2 of the CKKS scale Δ. */
  readonly scaleBits: number;
  /** log2 of the scale of a plaintext weight that the server multiplies with. */
  readonly weightBits: number;
  /** Values beyond this can overflow the modulus once they are summed. */
  readonly largestValue: number;
}

const table: readonly SealParameters[] = [
  {
    id: 'ckks-tenseal',
    scheme: 'ckks',
    degree: 8192,
    primeBits: [60, 40, 40, 60],
    scaleBits: 40,
    weightBits: 40,
    largestValue: 2 ** 40,
  },
];

/** @throws {RangeError} for a set that does not run on SEAL. */
export function sealParameters(id: ParameterSetId): SealParameters {
  const found = table.find((parameters) => parameters.id === id);
  if (!found) throw new RangeError(`The parameter set "${id}" does not run on SEAL.`);
  return found;
}
