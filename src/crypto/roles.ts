import type { Aggregator, Decryptor, EncryptedVector, Encryptor, ParameterSet } from './scheme.ts';
import { checkAggregation, checkValues, checkVector } from './vector-checks.ts';
import type { Executor } from './work/executor.ts';
import type { KeyMaterial } from './work/operations.ts';

/** Ciphertexts of one message to a worker: enough to hide its cost, few enough to share the work. */
const ciphertextsPerChunk = 8;
/** An aggregation chunk holds one ciphertext of every vector per column. */
const ciphertextsPerSum = 16;
/** So many chunks per worker that none has to wait long for another's last one. */
const chunksPerWorker = 4;

/** [start, end) ranges that cut `count` items into chunks of at most `size`, for `width` workers. */
function chunks(count: number, size: number, width: number): readonly [number, number][] {
  const step = Math.max(1, Math.min(size, Math.ceil(count / (chunksPerWorker * width))));
  return Array.from({ length: Math.ceil(count / step) }, (_, at) => [
    at * step,
    Math.min(count, (at + 1) * step),
  ]);
}

/** How often a client has encrypted before; clients don't count each other's calls. */
export type CallCounter = (client: number) => number;

export function countCalls(): CallCounter {
  const calls = new Map<number, number>();
  return (client) => {
    const before = calls.get(client) ?? 0;
    calls.set(client, before + 1);
    return before;
  };
}

/** Encrypts under a key: the public one, or the secret one for seeded uploads. */
export class KeyEncryptor implements Encryptor {
  readonly #executor: Executor;
  readonly #set: ParameterSet;
  readonly #key: KeyMaterial;
  readonly #client: number;
  readonly #nextCall: CallCounter;

  /** @param nextCall of the key ring, so that no two calls round with the same draws */
  constructor(
    executor: Executor,
    set: ParameterSet,
    key: KeyMaterial,
    client: number,
    nextCall: CallCounter,
  ) {
    this.#executor = executor;
    this.#set = set;
    this.#key = key;
    this.#client = client;
    this.#nextCall = nextCall;
  }

  async encrypt(values: Float32Array, weight = 1): Promise<EncryptedVector> {
    checkValues(values, this.#set.largestValue);
    if (!(weight > 0 && weight <= 1))
      throw new RangeError(`An aggregation weight of ${weight} is outside ]0, 1].`);
    const factor = this.#set.weighting === 'client' ? weight : 1;
    const call = this.#nextCall(this.#client);
    const perCiphertext = this.#set.valuesPerCiphertext;
    const count = Math.ceil(values.length / perCiphertext);
    const parts = await Promise.all(
      chunks(count, ciphertextsPerChunk, this.#executor.width).map(([start, end]) =>
        this.#executor.submit('encrypt', [this.#key], () => ({
          key: this.#key.id,
          values: values.subarray(start * perCiphertext, end * perCiphertext),
          weight: factor,
          stream: [this.#client, call],
          first: start,
        })),
      ),
    );
    return {
      parameterSet: this.#set.id,
      kind: 'upload',
      length: values.length,
      weight: factor,
      ciphertexts: parts.flatMap((part) => part.ciphertexts),
    };
  }
}

/** Adds ciphertexts up. The only key it is ever given is a public one. */
export class CipherAggregator implements Aggregator {
  readonly #executor: Executor;
  readonly #set: ParameterSet;
  readonly #publicKey: KeyMaterial;

  constructor(executor: Executor, set: ParameterSet, publicKey: KeyMaterial) {
    this.#executor = executor;
    this.#set = set;
    this.#publicKey = publicKey;
  }

  async weightedSum(
    vectors: readonly EncryptedVector[],
    weights: readonly number[],
  ): Promise<EncryptedVector> {
    checkAggregation(vectors, weights, this.#set);
    const length = vectors[0]?.length ?? 0;
    const columns = vectors[0]?.ciphertexts.length ?? 0;
    // A weight of zero makes a ciphertext that shows its content; it adds nothing, so it is left out.
    const terms = vectors
      .map((vector, k) => ({ vector, k, weight: weights[k] as number }))
      .filter(({ weight }) => Math.abs(weight) > this.#set.weightStep / 2);
    if (terms.length === 0)
      throw new RangeError('The weights are all zero: there is nothing to aggregate.');
    const size = Math.max(1, Math.floor(ciphertextsPerSum / terms.length));
    const parts = await Promise.all(
      chunks(columns, size, this.#executor.width).map(([start, end]) =>
        this.#executor.submit('weightedSum', [this.#publicKey], () => ({
          key: this.#publicKey.id,
          columns: Array.from({ length: end - start }, (_, at) =>
            terms.map(({ vector }) => vector.ciphertexts[start + at] as Uint8Array),
          ),
          vectors: terms.map(({ k }) => k),
          weights: terms.map(({ weight }) => weight),
          firstColumn: start,
        })),
      ),
    );
    return {
      parameterSet: this.#set.id,
      kind: 'aggregate',
      length,
      weight: totalWeight(vectors, this.#set),
      ciphertexts: parts.flatMap((part) => part.ciphertexts),
    };
  }
}

/** Decrypts with the secret key it alone holds. */
export class KeyDecryptor implements Decryptor {
  readonly #executor: Executor;
  readonly #set: ParameterSet;
  readonly #secretKey: KeyMaterial;

  constructor(executor: Executor, set: ParameterSet, secretKey: KeyMaterial) {
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
            ciphertexts: vector.ciphertexts.slice(start, end),
            kind: vector.kind,
            weight: vector.weight,
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

/** Σ p_k inside an aggregate: what its clients multiplied in, or 1. */
function totalWeight(vectors: readonly EncryptedVector[], set: ParameterSet): number {
  return set.weighting === 'server' ? 1 : vectors.reduce((sum, { weight }) => sum + weight, 0);
}
