import type { ParameterSet, ParameterSetId } from './scheme.ts';

/**
 * The parameter sets that `openKeyRing` accepts. Ciphertext sizes are those of real serialisations
 * without compression; a test holds each of them.
 */
export const parameterSets: readonly ParameterSet[] = [
  {
    id: 'plain',
    title: 'no encryption, float32',
    scheme: 'plain',
    securityBits: 0,
    valuesPerCiphertext: 4096,
    ciphertextBytes: 16_384,
    weighting: 'server',
    precision: 6e-8,
    standing: 'paper-faithful',
    source: 'Baseline of all three papers',
  },
  {
    id: 'ckks-tenseal',
    title: 'CKKS 8192, primes of 60, 40, 40, 60 bits, scale 2^40',
    scheme: 'ckks',
    securityBits: 128,
    valuesPerCiphertext: 4096,
    ciphertextBytes: 393_329,
    weighting: 'server',
    precision: 1e-6,
    standing: 'paper-faithful',
    source: 'MaskCrypt (TDSC 2024) §6.1 and its released code; FedPHE uses the same',
  },
];

/** The set of this name; undefined when there is none. */
export function findParameterSet(id: string): ParameterSet | undefined {
  return parameterSets.find((set) => set.id === id);
}

/**
 * The set of this name.
 *
 * @throws {RangeError} naming the sets that exist.
 */
export function parameterSet(id: ParameterSetId): ParameterSet {
  const set = findParameterSet(id);
  if (set) return set;
  const known = parameterSets.map((each) => each.id).join(', ');
  throw new RangeError(`There is no parameter set "${id}". Use one of: ${known}.`);
}
