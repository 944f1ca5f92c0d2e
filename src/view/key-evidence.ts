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
  /** Who opens an aggregate together: all their keys are needed. Otherwise each key opens its own. */
  readonly together: boolean;
  readonly evidence: readonly KeyEvidence[];
  /** Why there is none, in a sentence. */
  readonly reason?: string;
}
