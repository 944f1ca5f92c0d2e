import { openKeyRing } from './key-ring.ts';

export interface SelfCheck {
  /** Largest error of the aggregated values. */
  readonly error: number;
  readonly milliseconds: number;
}

/**
 * Encrypts, aggregates and decrypts one ciphertext of two clients with SEAL on a worker thread.
 *
 * @throws {Error} when SEAL does not load or gives a wrong result.
 */
export async function checkCrypto(): Promise<SelfCheck> {
  const start = performance.now();
  const ring = await openKeyRing('shared', 'ckks-tenseal', { clients: 2 });
  try {
    const a = Float32Array.from({ length: 64 }, (_, at) => Math.sin(at));
    const b = a.map((value) => value * value);
    const uploads = [await ring.encryptor(0).encrypt(a), await ring.encryptor(1).encrypt(b)];
    const sum = await ring.aggregator().weightedSum(uploads, [0.25, 0.75]);
    const values = await ring.decryptor(0).decrypt(sum);
    const errors = Array.from(values, (value, at) =>
      Math.abs(value - (0.25 * (a[at] as number) + 0.75 * (b[at] as number))),
    );
    const error = Math.max(...errors);
    if (!(error < ring.parameterSet.precision))
      throw new Error(
        `SEAL's answer is off by ${error}. The installed node-seal is broken: reinstall it.`,
      );
    return { error, milliseconds: performance.now() - start };
  } finally {
    await ring.close();
  }
}
