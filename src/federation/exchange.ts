import type { EncryptedVector, KeyRing } from '../crypto/scheme.ts';
import { complement, gather, scatter } from '../view/coordinate-set.ts';
import { type CoordinateSet, PartialVector } from '../view/partial-vector.ts';
import { weightedMean } from './fedavg.ts';
import { secondsSince } from './stopwatch.ts';
import type { ClientUpdate } from './updates.ts';

/** What one client uploads: w_t^k off the mask in plaintext, on the mask encrypted. */
export interface Upload {
  readonly plain: PartialVector;
  /** Absent when the mask is empty. */
  readonly encrypted?: EncryptedVector;
  readonly encryptSeconds: number;
}

/** Both halves of Σ p_k w_t^k, as the server holds them. */
export interface Aggregate {
  readonly plain: PartialVector;
  readonly encrypted?: EncryptedVector;
  readonly seconds: number;
}

/**
 * One round's exchange under a final mask m̄: upload, aggregation, decryption, merge (MaskCrypt
 * §3.1). Masked coordinates are packed in coordinate order.
 */
export class Exchange {
  readonly #keyRing: KeyRing;
  readonly #mask: CoordinateSet;
  readonly #plaintext: CoordinateSet;
  readonly #masked: number;

  constructor(keyRing: KeyRing, mask: CoordinateSet, masked: number) {
    this.#keyRing = keyRing;
    this.#mask = mask;
    this.#plaintext = complement(mask);
    this.#masked = masked;
  }

  async upload({ client, localModel }: ClientUpdate, weight: number): Promise<Upload> {
    const plain = PartialVector.restrict(localModel, this.#plaintext);
    if (this.#masked === 0) return { plain, encryptSeconds: 0 };
    const began = performance.now();
    const values = gather(localModel, this.#mask, this.#masked);
    const encrypted = await this.#keyRing.encryptor(client).encrypt(values, weight);
    return { plain, encrypted, encryptSeconds: secondsSince(began) };
  }

  async aggregate(uploads: readonly Upload[], weights: readonly number[]): Promise<Aggregate> {
    const began = performance.now();
    const values = weightedMean(
      uploads.map(({ plain }) => plain.values),
      weights,
    );
    const plain = new PartialVector(this.#plaintext, values);
    const vectors = uploads.flatMap(({ encrypted }) => (encrypted ? [encrypted] : []));
    if (vectors.length === 0) return { plain, seconds: secondsSince(began) };
    const encrypted = await this.#keyRing.aggregator().weightedSum(vectors, weights);
    return { plain, encrypted, seconds: secondsSince(began) };
  }

  /** The new global model, [N], as a client that holds the secret key puts it together. */
  async open({ plain, encrypted }: Aggregate, client: number) {
    const began = performance.now();
    const model = new Float32Array(this.#mask.length);
    plain.writeTo(model);
    if (!encrypted) return { model, seconds: 0 };
    scatter(await this.#keyRing.decryptor(client).decrypt(encrypted), this.#mask, model);
    return { model, seconds: secondsSince(began) };
  }
}

/** Bytes of an encrypted vector on the wire. */
export function ciphertextBytes(vector: EncryptedVector | undefined): number {
  return vector?.ciphertexts.reduce((sum, { length }) => sum + length, 0) ?? 0;
}
