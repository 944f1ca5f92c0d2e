import { expect, it } from 'vitest';
import { openKeyRing } from '../../../src/crypto/key-ring.ts';

it.each([0, 1])(
  'keeps memory flat over 20,000 encryptions, %i workers',
  {
    timeout: 1_200_000,
  },
  async (workers) => {
    const ring = await openKeyRing('shared', 'ckks-add', { clients: 1, workers });
    const encryptor = ring.encryptor(0);
    const batch = new Float32Array(100 * ring.parameterSet.valuesPerCiphertext).fill(0.5);
    const megabytes = async (batches: number) => {
      for (let at = 0; at < batches; at++) await encryptor.encrypt(batch);
      return process.memoryUsage().rss / 2 ** 20;
    };
    const warm = await megabytes(40);
    const after = await megabytes(160);
    await ring.close();
    // One 64 KiB ciphertext forgotten per encryption would be 1,000 MiB.
    expect(after - warm).toBeLessThan(100);
  },
);
