import type { Aggregator, Decryptor, EncryptedVector, Encryptor, ParameterSet } from '../scheme.ts';
import { checkAggregation, checkValues, checkVector } from '../vector-checks.ts';
import type { SealExecutor } from './executor.ts';
import type { KeyMaterial } from './operations.ts';
import { sealParameters } from './seal-parameters.ts';

/** Ciphertexts of one message to a worker: enough to hide its cost, few enough to share the work. */
const ciphertextsPerChunk = 8;
/** An aggregation chunk holds one ciphertext of every vector per column. */
const ciphertextsPerSum = 64;

/** [start, end) ranges that cut `count` items into chunks of at most `size`, for `width` workers. */
function chunks(count: number, size: number, width: number): readonly [number, number][] {
  const step = Math.max(1, Math.min(size, Math.ceil(count / width)));
  return Array.from({ length: Math.ceil(count / step) }, (_, at) => [
    at * step,
    Math.min(count, (at + 1) * step),
  ]);
}

/** Encrypts under a public key; holds nothing that decrypts. */
export class SealEncryptor implements Encryptor {
  readonly #executor: SealExecutor;
  readonly #set: ParameterSet;
  readonly #publicKey: KeyMaterial;

  constructor(executor: SealExecutor, set: ParameterSet, publicKey: KeyMaterial) {
    this.#executor = executor;
    this.#set = set;
    this.#publicKey = publicKey;
  }

  async encrypt(values: Float32Array, weight = 1): Promise<EncryptedVector> {
    checkValues(values, sealParameters(this.#set.id).largestValue);
    if (!(weight > 0 && weight <= 1))
      throw new RangeError(`An aggregation weight of ${weight} is outside ]0, 1].`);
    const factor = this.#set.weighting === 'client' ? weight : 1;
    const perCiphertext = this.#set.valuesPerCiphertext;
    const count = Math.ceil(values.length / perCiphertext);
    const parts = await Promise.all(
      chunks(count, ciphertextsPerChunk, this.#executor.width).map(([start, end]) =>
        this.#executor.submit('encrypt', [this.#publicKey], () => ({
          key: this.#publicKey.id,
          values: values.slice(start * perCiphertext, end * perCiphertext),
          weight: factor,
        })),
      ),
    );
    return {
      parameterSet: this.#set.id,
      length: values.length,
      weight: factor,
      ciphertexts: parts.flatMap((part) => part.ciphertexts),
    };
  }
}

/** Adds ciphertexts up. It is never given a key. */
export class SealAggregator implements Aggregator {
  readonly #executor: SealExecutor;
  readonly #set: ParameterSet;

  constructor(executor: SealExecutor, set: ParameterSet) {
    this.#executor = executor;
    this.#set = set;
  }

  async weightedSum(
    vectors: readonly EncryptedVector[],
    weights: readonly number[],
  ): Promise<EncryptedVector> {
    checkAggregation(vectors, weights, this.#set);
    const length = vectors[0]?.length ?? 0;
    const columns = vectors[0]?.ciphertexts.length ?? 0;
    const { weightBits } = sealParameters(this.#set.id);
    // A weight of zero makes a ciphertext that shows its content; it adds nothing, so it is left out.
    const terms = vectors
      .map((vector, k) => ({ vector, k, weight: weights[k] as number }))
      .filter(({ weight }) => Math.round(weight * 2 ** weightBits) !== 0);
    if (terms.length === 0)
      throw new RangeError('The weights are all zero: there is nothing to aggregate.');
    const size = Math.max(1, Math.floor(ciphertextsPerSum / terms.length));
    const parts = await Promise.all(
      chunks(columns, size, this.#executor.width).map(([start, end]) =>
        this.#executor.submit('weightedSum', [], () => ({
          columns: Array.from({ length: end - start }, (_, at) =>
            // Copies, because a transferred ciphertext would vanish from the caller's hands.
            terms.map(({ vector }) => (vector.ciphertexts[start + at] as Uint8Array).slice()),
          ),
          vectors: terms.map(({ k }) => k),
          weights: terms.map(({ weight }) => weight),
          firstColumn: start,
        })),
      ),
    );
    return {
      parameterSet: this.#set.id,
      length,
      weight: 1,
      ciphertexts: parts.flatMap((part) => part.ciphertexts),
    };
  }
}

/** Decrypts with the secret key it alone holds. */
export class SealDecryptor implements Decryptor {
  readonly #executor: SealExecutor;
  readonly #set: ParameterSet;
  readonly #secretKey: KeyMaterial;

  constructor(executor: SealExecutor, set: ParameterSet, secretKey: KeyMaterial) {
    this.#executor = executor;
    this.#set = set;
    this.#secretKey = secretKey;
  }

  async decrypt(vector: EncryptedVector): Promise<Float64Array> {
    checkVector(vector, this.#set, 'vector');
    const perCiphertext = this.#set.valuesPerCiphertext;
    const values = new Float64Array(vector.length);
    await Promise.all(
      chunks(vector.ciphertexts.length, ciphertextsPerChunk, this.#executor.width).map(
        async ([start, end]) => {
          const part = await this.#executor.submit('decrypt', [this.#secretKey], () => ({
            key: this.#secretKey.id,
            ciphertexts: vector.ciphertexts.slice(start, end).map((bytes) => bytes.slice()),
            length: Math.min(vector.length, end * perCiphertext) - start * perCiphertext,
            first: start,
          }));
          values.set(part.values, start * perCiphertext);
        },
      ),
    );
    return values;
  }
}
