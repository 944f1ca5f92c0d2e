/** Named HE parameter sets (`hefl list schemes`). `plain` sends float32 values as they are. */
export type ParameterSetId =
  | 'plain'
  | 'ckks-tenseal'
  | 'ckks-fedmlhe'
  | 'ckks-add'
  | 'ckks-threshold'
  | 'bfv-maskcrypt'
  | 'bfv-pack23'
  | 'paillier-3072'
  | 'paillier-3072-batchcrypt'
  | 'paillier-3072-lanes';

/**
 * Who holds which key. `shared`: every client holds the one secret key, the server none. `own-key` is
 * insecure: MASER's released code.
 */
export const keySetups = ['none', 'shared', 'per-client', 'joint', 'threshold', 'own-key'] as const;
export type KeySetupId = (typeof keySetups)[number];

/** A parameter set's public facts. */
export interface ParameterSet {
  readonly id: ParameterSetId;
  readonly title: string;
  readonly scheme: 'ckks' | 'bfv' | 'paillier' | 'plain';
  /** Bits of security against the best known attack on the encryption; 0 = none. */
  readonly securityBits: number;
  /** Values that fit into one ciphertext. */
  readonly valuesPerCiphertext: number;
  /** Size of one serialised ciphertext as a client uploads it, bytes. */
  readonly ciphertextBytes: number;
  /** Who multiplies an update with its aggregation weight: the server on ciphertexts, or the client before encryption. */
  readonly weighting: 'server' | 'client';
  /** Weights are rounded to multiples of this; 0 = they are exact. */
  readonly weightStep: number;
  /** Values must be within ± this. */
  readonly largestValue: number;
  /** Largest error of one value of a mean of 100 clients with values in [-1, 1]; tests hold it. */
  readonly precision: number;
  readonly standing: 'paper-faithful' | 'optimised';
  readonly source: string;
}

/** An encrypted vector as it travels: serialised ciphertexts of consecutive values. */
export interface EncryptedVector {
  readonly parameterSet: ParameterSetId;
  /** `upload`: as a client encrypted it; `aggregate`: as the server summed it. */
  readonly kind: 'upload' | 'aggregate';
  /** Number of values inside. */
  readonly length: number;
  /** Σ of the aggregation weights p_k that clients multiplied in; 1 where the server weights. */
  readonly weight: number;
  readonly ciphertexts: readonly Uint8Array[];
  /** Key setup `per-client`: consecutive parts and whose key encrypts each. */
  readonly blocks?: readonly Block[];
  /** How many of the last ciphertexts only stand for real ones (`sampleKeyRing`); 0 unless given. */
  readonly emulated?: number;
}

/** A part of a vector that one client can decrypt. */
export interface Block {
  readonly client: number;
  /** Number of values. */
  readonly length: number;
}

/** What a client can do with the public key. */
export interface Encryptor {
  /**
   * Encodes and encrypts `values`; ⌈length / valuesPerCiphertext⌉ ciphertexts.
   *
   * @param weight the client's aggregation weight p_k. Sets whose server can only add
   *   (`ParameterSet.weighting` is `client`) multiply it in before encryption; the others ignore it.
   * @throws {RangeError} a value that is not finite or beyond the set's range; a weight outside ]0, 1].
   */
  encrypt(values: Float32Array, weight?: number): Promise<EncryptedVector>;
}

/** What the server can do: it has no key, and no method that decrypts. */
export interface Aggregator {
  /**
   * Σ weights[k] · vectors[k], computed on the ciphertexts.
   * @throws {CiphertextError} naming the vector, the ciphertext and the field that is wrong.
   * @throws {RangeError} weights that are not finite, do not match the vectors in number, or, where
   *   the client weights, differ from those it used.
   */
  weightedSum(
    vectors: readonly EncryptedVector[],
    weights: readonly number[],
  ): Promise<EncryptedVector>;
}

/** What a holder of the secret key can do. */
export interface Decryptor {
  /** The values inside, as many as were encrypted. */
  decrypt(vector: EncryptedVector): Promise<Float64Array>;
}

/** The keys of one federation, split into what each party may hold. */
export interface KeyRing {
  readonly keySetup: KeySetupId;
  readonly parameterSet: ParameterSet;
  /** Bytes of key material each party downloads once. */
  readonly keyBytes: { readonly perClient: number; readonly server: number };
  encryptor(client: number): Encryptor;
  aggregator(): Aggregator;
  decryptor(client: number): Decryptor;
  close(): Promise<void>;
}

/** What one client contributes to the opening of an aggregate; it travels to the server. */
export interface DecryptionShare {
  readonly client: number;
  /**
   * `joint`, `threshold`: one partial decryption per ciphertext. `per-client`: the client's block,
   * decrypted, as float32.
   */
  readonly payloads: readonly Uint8Array[];
  /** All clients that contribute, for which this share was made. */
  readonly openers: readonly number[];
}

/** A client that holds a part of the secret. */
export interface ShareHolder {
  /**
   * Its contribution to opening `aggregate`.
   *
   * @param openers all clients that contribute, this one among them
   * @throws {CiphertextError} naming the ciphertext and the field that is wrong.
   * @throws {RangeError} openers that cannot open it.
   * @throws {RepeatedDecryption} this client has already contributed to opening this ciphertext, or
   *   the aggregate contains it twice.
   */
  share(aggregate: EncryptedVector, openers: readonly number[]): Promise<DecryptionShare>;
}

/** Puts shares together: the server's role. It holds no key. */
export interface Merger {
  /**
   * The values inside `aggregate`.
   *
   * @throws {CiphertextError} naming the client and the field that is wrong.
   * @throws {RangeError} shares that do not suffice.
   */
  merge(aggregate: EncryptedVector, shares: readonly DecryptionShare[]): Promise<Float64Array>;
}

/** The keys of a federation in which no client can open an aggregate alone. */
export interface GroupKeyRing {
  readonly keySetup: 'per-client' | 'joint' | 'threshold' | 'own-key';
  readonly parameterSet: ParameterSet;
  /** Bytes of key material each party sends and downloads once. */
  readonly keyBytes: { readonly perClient: number; readonly server: number };
  /** @param participants the clients of this round, in the order all of them use */
  encryptor(client: number, participants: readonly number[]): Encryptor;
  aggregator(): Aggregator;
  shareHolder(client: number): ShareHolder;
  merger(): Merger;
  close(): Promise<void>;
}

/**
 * A partial decryption of this ciphertext was already given. The noise of a second one would be
 * independent, and averages of many would reveal the key.
 */
export class RepeatedDecryption extends Error {
  override readonly name = 'RepeatedDecryption';
}

/** Bytes from outside that are no ciphertext, key or partial decryption of the expected kind. */
export class CiphertextError extends Error {
  override readonly name = 'CiphertextError';
}
