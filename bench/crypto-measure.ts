import type { EncryptedVector } from '../src/crypto/scheme.ts';
import { type Case, type Federation, openFederation } from './crypto-federation.ts';

/** One row: milliseconds are the best of the rounds, bytes are those of real ciphertexts. */
export interface Measurement {
  readonly set: string;
  readonly setup: string;
  readonly options: Case['options'];
  readonly workers: number;
  readonly keysMs: number;
  /** Per ciphertext; aggregation per uploaded ciphertext, opening per ciphertext of the aggregate. */
  readonly encryptMs: number;
  readonly aggregateMs: number;
  readonly openMs: number;
  readonly uploadBytes: number;
  readonly downloadBytes: number;
  readonly uploadBytesPerMillion: number;
  readonly downloadBytesPerMillion: number;
  /** Per million values of one client; opening per million values of the aggregate. */
  readonly encryptMsPerMillion: number;
  readonly aggregateMsPerMillion: number;
  readonly openMsPerMillion: number;
  /** Upload bytes ÷ bytes of the same values as float32. */
  readonly inflation: number;
  /** Largest error of the mean of values in [-1, 1]. */
  readonly error: number;
}

/** Best of the rounds of one row; Paillier, which takes seconds, gets one. */
export async function measure(each: Case, workers: number, rounds: number): Promise<Measurement> {
  const clients = 4;
  const began = performance.now();
  const federation = await openFederation(each, clients, workers);
  const keysMs = performance.now() - began;
  const { valuesPerCiphertext } = federation.parameterSet;
  const paillier = federation.parameterSet.scheme === 'paillier';
  const length = (paillier ? 4 : 16) * valuesPerCiphertext;
  const models = Array.from({ length: clients }, (_, client) =>
    Float32Array.from({ length }, (_, at) => Math.sin(at * (client + 1))),
  );
  // Workers start and load their keys in a short first round, which does not count.
  const few = models.map((model) => model.subarray(0, clients * valuesPerCiphertext));
  await oneRound(federation, few);
  let best: Omit<Round, 'uploads' | 'aggregate' | 'values'> | undefined;
  let last: Round | undefined;
  for (let round = 0; round < (paillier ? 1 : rounds); round++) {
    last = await oneRound(federation, models);
    best = {
      encryptMs: Math.min(last.encryptMs, best?.encryptMs ?? Infinity),
      aggregateMs: Math.min(last.aggregateMs, best?.aggregateMs ?? Infinity),
      openMs: Math.min(last.openMs, best?.openMs ?? Infinity),
    };
  }
  await federation.close();
  if (!best || !last) throw new Error('no round was measured');
  const { uploads, aggregate, values } = last;
  const uploaded = uploads.reduce((sum, { ciphertexts }) => sum + ciphertexts.length, 0);
  const uploadBytes = bytesOf(uploads) / uploaded;
  return {
    set: each.set,
    setup: each.setup,
    options: each.options,
    workers,
    keysMs,
    encryptMs: best.encryptMs / uploaded,
    aggregateMs: best.aggregateMs / uploaded,
    openMs: best.openMs / aggregate.ciphertexts.length,
    uploadBytes,
    downloadBytes: bytesOf([aggregate]) / aggregate.ciphertexts.length,
    uploadBytesPerMillion: (1e6 * bytesOf(uploads)) / (clients * length),
    downloadBytesPerMillion: (1e6 * bytesOf([aggregate])) / length,
    encryptMsPerMillion: (1e6 * best.encryptMs) / (clients * length),
    aggregateMsPerMillion: (1e6 * best.aggregateMs) / (clients * length),
    openMsPerMillion: (1e6 * best.openMs) / length,
    inflation: bytesOf(uploads) / (4 * clients * length),
    error: largestError(values, models),
  };
}

export interface Round {
  readonly encryptMs: number;
  readonly aggregateMs: number;
  readonly openMs: number;
  readonly uploads: readonly EncryptedVector[];
  readonly aggregate: EncryptedVector;
  readonly values: Float64Array;
}

export async function oneRound(
  federation: Federation,
  models: readonly Float32Array[],
): Promise<Round> {
  const start = performance.now();
  const uploads = await Promise.all(
    models.map((model, client) => federation.encrypt(client, model)),
  );
  const encrypted = performance.now();
  const aggregate = await federation.aggregate(uploads);
  const aggregated = performance.now();
  const values = await federation.open(aggregate);
  return {
    encryptMs: encrypted - start,
    aggregateMs: aggregated - encrypted,
    openMs: performance.now() - aggregated,
    uploads,
    aggregate,
    values,
  };
}

export function bytesOf(vectors: readonly EncryptedVector[]): number {
  return vectors
    .flatMap(({ ciphertexts }) => ciphertexts)
    .reduce((sum, { length }) => sum + length, 0);
}

export function largestError(values: Float64Array, models: readonly Float32Array[]): number {
  return values.reduce((worst, value, at) => {
    const mean = models.reduce((sum, model) => sum + (model[at] ?? NaN), 0) / models.length;
    return Math.max(worst, Math.abs(value - mean));
  }, 0);
}
