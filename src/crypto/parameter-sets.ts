import type { ParameterSet, ParameterSetId } from './scheme.ts';

/**
 * The parameter sets that `openKeyRing` accepts. Ciphertext sizes are those of real serialisations
 * without compression, precisions those of means of 100 clients
 * (`ckks-threshold`: under a joint key, with flooding); tests hold each of them.
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
    weightStep: 0,
    largestValue: 3.4028234663852886e38,
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
    weightStep: 2 ** -40,
    largestValue: 2 ** 40,
    precision: 1e-7,
    standing: 'paper-faithful',
    source: 'MaskCrypt (TDSC 2024) §6.1 and its released code; FedPHE uses the same',
  },
  {
    id: 'ckks-fedmlhe',
    title: 'CKKS 8192, primes of 60, 52, 60 bits, scale 2^52, one multiplication',
    scheme: 'ckks',
    securityBits: 128,
    valuesPerCiphertext: 4096,
    ciphertextBytes: 262_257,
    weighting: 'server',
    weightStep: 2 ** -52,
    largestValue: 32,
    precision: 1e-11,
    standing: 'paper-faithful',
    source: 'FedML-HE (2023) §4.1: multiplicative depth 1, scaling factor of 52 bits, 4096 slots',
  },
  {
    id: 'ckks-add',
    title: 'CKKS 4096, primes of 54, 55 bits, scale 2^40, additions only',
    scheme: 'ckks',
    securityBits: 128,
    valuesPerCiphertext: 2048,
    ciphertextBytes: 65_649,
    weighting: 'client',
    weightStep: 0,
    largestValue: 4096,
    precision: 1e-7,
    standing: 'optimised',
    source: 'Client-side weighting as in NVFlare; the smallest ring that holds a sum',
  },
  {
    id: 'ckks-threshold',
    title: 'CKKS 8192, primes of 60, 60, 60 bits, scale 2^100, additions only, room for flooding',
    scheme: 'ckks',
    securityBits: 128,
    valuesPerCiphertext: 4096,
    ciphertextBytes: 262_257,
    weighting: 'client',
    weightStep: 0,
    largestValue: 1024,
    precision: 1.3e-7,
    standing: 'optimised',
    source: 'Own, for the joint and threshold keys of MASER (2025) and FedML-HE (2023)',
  },
  {
    id: 'bfv-maskcrypt',
    title: 'BFV 8192, default primes, values × 10^5 as integers',
    scheme: 'bfv',
    securityBits: 128,
    valuesPerCiphertext: 8192,
    ciphertextBytes: 524_401,
    weighting: 'server',
    weightStep: 2 ** -24,
    largestValue: 512,
    precision: 1e-5,
    standing: 'paper-faithful',
    source: 'MaskCrypt (TDSC 2024) §6.1: weights × 10^5 as integers',
  },
  {
    id: 'bfv-pack23',
    title: 'BFV 8192, primes of 60, 60 bits, two 23-bit fields per slot, additions only',
    scheme: 'bfv',
    securityBits: 128,
    valuesPerCiphertext: 16_384,
    ciphertextBytes: 131_185,
    weighting: 'client',
    weightStep: 0,
    largestValue: 3.4028234663852886e38,
    precision: 1.2e-5,
    standing: 'optimised',
    source: 'Own; up to 128 clients, values clipped to ±1 unless the range is given',
  },
  {
    id: 'paillier-3072',
    title: 'Paillier, modulus of 3072 bits, one value per ciphertext',
    scheme: 'paillier',
    securityBits: 128,
    valuesPerCiphertext: 1,
    ciphertextBytes: 768,
    weighting: 'server',
    weightStep: 2 ** -40,
    largestValue: 2 ** 20,
    precision: 5e-10,
    standing: 'paper-faithful',
    source: 'MaskCrypt (TDSC 2024) Fig. 2, size study',
  },
  {
    id: 'paillier-3072-batchcrypt',
    title:
      'Paillier, modulus of 3072 bits, 191 values of 8 bits, stochastic rounding, additions only',
    scheme: 'paillier',
    securityBits: 128,
    valuesPerCiphertext: 191,
    ciphertextBytes: 768,
    weighting: 'client',
    weightStep: 0,
    largestValue: 3.4028234663852886e38,
    precision: 0.2,
    standing: 'paper-faithful',
    source:
      'BatchCrypt (USENIX ATC 2020): two sign bits, 7 bits for the carries of up to 128 clients; values clipped to ±1 unless the range is given',
  },
  {
    id: 'paillier-3072-lanes',
    title: 'Paillier, modulus of 3072 bits, 191 values of 16 bits, additions only',
    scheme: 'paillier',
    securityBits: 128,
    valuesPerCiphertext: 191,
    ciphertextBytes: 768,
    weighting: 'client',
    weightStep: 0,
    largestValue: 3.4028234663852886e38,
    precision: 6e-4,
    standing: 'optimised',
    source:
      'Own, after BatchCrypt: the same lanes, but weighted sums cannot overflow, so carry bits hold value bits; up to 128 clients, values clipped to ±1 unless the range is given',
  },
];

/** Bytes of a ciphertext ÷ those of its values as float32. */
export function inflation(set: ParameterSet): number {
  return set.ciphertextBytes / (4 * set.valuesPerCiphertext);
}

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
