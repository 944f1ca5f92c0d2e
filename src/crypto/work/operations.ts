import type { StreamLabel } from '../../engine/random.ts';

/** Serialised key, named so that every worker loads it once. */
export interface KeyMaterial {
  readonly id: number;
  readonly kind: 'public' | 'secret';
  readonly bytes: Uint8Array;
}

/** What a cipher engine can be asked, as plain bytes and numbers that cross a thread border. */
export interface Operations {
  generateKeys: {
    input: Record<string, never>;
    output: { secretKey: Uint8Array; publicKey: Uint8Array };
  };
  /**
   * Values of consecutive ciphertexts from number `first` on; the last one may be short. Every
   * ciphertext rounds with draws of its own, so that it does not matter who encrypts which.
   */
  encrypt: {
    input: {
      key: number;
      values: Float32Array;
      weight: number;
      stream: StreamLabel[];
      first: number;
    };
    output: { ciphertexts: Uint8Array[] };
  };
  /** One ciphertext of every vector per column; `vectors` are the numbers errors name them by. */
  weightedSum: {
    input: {
      /** The public key; SEAL's schemes add without it. */
      key: number;
      columns: Uint8Array[][];
      vectors: number[];
      weights: number[];
      firstColumn: number;
    };
    output: { ciphertexts: Uint8Array[] };
  };
  decrypt: {
    input: {
      key: number;
      ciphertexts: Uint8Array[];
      kind: 'upload' | 'aggregate';
      weight: number;
      length: number;
      first: number;
    };
    output: { values: Float64Array };
  };
  /** N, the primes of the keys, and those of an aggregate, which come first among them. */
  primes: {
    input: Record<string, never>;
    output: { degree: number; keyPrimes: bigint[]; dataPrimes: bigint[] };
  };
  /** A party's part of the joint public key. */
  publicShare: {
    input: { secretKey: Uint8Array; commonRandom: Uint8Array };
    output: { share: Uint8Array };
  };
  /** The public key's serialisation from the sum of all shares. */
  joinPublicKey: {
    input: { shares: Uint8Array[]; commonRandom: Uint8Array };
    output: { publicKey: Uint8Array };
  };
  /** `floodingBits`: null adds no noise. */
  partialDecrypt: {
    input: { key: number; ciphertexts: Uint8Array[]; first: number; floodingBits: number | null };
    output: { partials: Uint8Array[] };
  };
  /** One partial decryption of every party per ciphertext; `clients` names them in errors. */
  merge: {
    input: {
      ciphertexts: Uint8Array[];
      partials: Uint8Array[][];
      clients: number[];
      weight: number;
      length: number;
      first: number;
    };
    output: { values: Float64Array };
  };
}

export type Operation = keyof Operations;
export type Input<O extends Operation> = Operations[O]['input'];
export type Output<O extends Operation> = Operations[O]['output'];

/** One instance of a cipher library with one parameter set and the keys it was given. */
export interface CipherEngine {
  /**
   * Loads a key that later operations name by its id.
   *
   * @throws {CiphertextError} bytes that are no key of these parameters.
   */
  addKey(key: KeyMaterial): void;
  /**
   * Carries out one operation.
   *
   * @throws {CiphertextError} the input was refused before the library saw it; the engine is intact.
   * @throws {EngineFailure} the library threw; the engine must not be used again.
   */
  execute<O extends Operation>(operation: O, input: Input<O>): Output<O>;
}

/**
 * The cipher library threw. A SEAL 6.x instance that did is damaged (its stack pointer is not
 * restored), so whoever meets this error throws the engine away.
 */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
}

/** Buffers inside a message that change owner instead of being copied. */
export function transferables(message: object): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  const visit = (value: unknown) => {
    if (ArrayBuffer.isView(value)) buffers.push(value.buffer as ArrayBuffer);
    else if (Array.isArray(value)) for (const item of value) visit(item);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(visit);
  };
  visit(message);
  return buffers;
}
