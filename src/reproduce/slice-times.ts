import { openKeyRing } from '../crypto/key-ring.ts';
import type { ParameterSetId } from '../crypto/scheme.ts';

/** Seconds per full ciphertext on one core, measured on a slice of a vector. */
export interface SliceTimes {
  /** Ciphertexts in the slice. */
  readonly ciphertexts: number;
  /** Clients whose slices were added. */
  readonly clients: number;
  readonly encrypt: number;
  /** Of all clients' ciphertexts into one. */
  readonly aggregate: number;
  readonly decrypt: number;
}

const SLICE = 48;
const WARM_UP = 4;

/**
 * Encrypts, adds and decrypts a slice for real under one shared key. A large vector takes as many times
 * as long as it has more ciphertexts: each is worked on by itself.
 */
export async function sliceTimes(set: ParameterSetId, clients: number): Promise<SliceTimes> {
  const ring = await openKeyRing('shared', set, { clients, workers: 0 });
  try {
    const carryOut = async (ciphertexts: number) => {
      const length = ciphertexts * ring.parameterSet.valuesPerCiphertext;
      const values = Float32Array.from({ length }, (_, at) => Math.sin(at));
      const perCiphertext = async <T>(work: Promise<T>) => {
        const began = performance.now();
        const result = await work;
        return { result, seconds: (performance.now() - began) / 1000 / ciphertexts };
      };
      const uploads = [];
      for (let client = 0; client < clients; client++)
        uploads.push(await perCiphertext(ring.encryptor(client).encrypt(values, 1 / clients)));
      const vectors = uploads.map(({ result }) => result);
      const weights = vectors.map(() => 1 / clients);
      const sum = await perCiphertext(ring.aggregator().weightedSum(vectors, weights));
      const opened = await perCiphertext(ring.decryptor(0).decrypt(sum.result));
      return {
        encrypt: uploads.reduce((total, { seconds }) => total + seconds, 0) / clients,
        aggregate: sum.seconds,
        decrypt: opened.seconds,
      };
    };
    await carryOut(WARM_UP);
    return { ciphertexts: SLICE, clients, ...(await carryOut(SLICE)) };
  } finally {
    await ring.close();
  }
}
