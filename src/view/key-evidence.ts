import { z } from 'zod';
import { parseShape } from './stored-fields.ts';

/** Coefficients modulo one prime, in NTT form: products of polynomials go coefficient by coefficient. */
export type Residues = BigUint64Array;

/** One ciphertext, and what the server was shown of its decryption. */
export interface ShownCiphertext {
  /** The ciphertext's two polynomials. */
  readonly c0: Residues;
  readonly c1: Residues;
  /**
   * `partial-decryption`: the opener's d = c_1·s, plus its flooding noise if it adds any. `values`:
   * m + τ(m), twice the real part of the plaintext m that the returned values are encoded as.
   */
  readonly shown: Residues;
}

/**
 * A few ciphertexts of one secret key as the server holds them, each with what the protocol showed it
 * of the decryption. All of it modulo the first prime of the ciphertexts, which is enough: a secret
 * key's coefficients are -1, 0 and 1.
 */
export interface KeyEvidence {
  /** Whose key it is; `all`: the one key that all clients share. */
  readonly owner: number | 'all';
  readonly shows: 'partial-decryption' | 'values';
  /**
   * Of returned values. `float32` is what this protocol returns; `float64`, what an implementation
   * would that hands on the library's numbers as they are.
   */
  readonly precision?: 'float32' | 'float64';
  readonly prime: bigint;
  readonly ciphertexts: readonly ShownCiphertext[];
}

/** What the protocol left a server to attack keys with. */
export interface KeyEvidenceRecord {
  /**
   * `own`: each key opens what was encrypted under it; `together`: all of them open everything, and
   * nothing less does; `nothing`: of those that open together, only some were looked at.
   */
  readonly opens: 'own' | 'together' | 'nothing';
  readonly evidence: readonly KeyEvidence[];
  /** Why there is none, in a sentence. */
  readonly reason?: string;
}

/** The record as a tree fit for a store; `parseKeyEvidence` gives it back. */
export function serialiseKeyEvidence({ evidence, ...record }: KeyEvidenceRecord) {
  return {
    format: 'hefl-key-evidence/1',
    ...record,
    evidence: evidence.map(({ prime, ...one }) => ({ ...one, prime: BigUint64Array.of(prime) })),
  } as const;
}

/** @throws {ViewFormatError} naming the first field that is missing or of another type. */
export function parseKeyEvidence(stored: unknown): KeyEvidenceRecord {
  const { format: _, evidence, ...record } = parseShape(storedRecord, stored);
  return {
    ...record,
    evidence: evidence.map(({ prime, ...one }) => ({ ...one, prime: prime[0] as bigint })),
  };
}

const residues = z.custom<Residues>(
  (value) => value instanceof BigUint64Array && value.length > 0,
  'expected a BigUint64Array',
);

const storedRecord = z.strictObject({
  format: z.literal('hefl-key-evidence/1'),
  opens: z.enum(['own', 'together', 'nothing']),
  reason: z.string().exactOptional(),
  evidence: z.array(
    z.strictObject({
      owner: z.union([z.literal('all'), z.int().nonnegative()]),
      shows: z.enum(['partial-decryption', 'values']),
      precision: z.enum(['float32', 'float64']).exactOptional(),
      prime: residues,
      ciphertexts: z.array(z.strictObject({ c0: residues, c1: residues, shown: residues })),
    }),
  ),
});
