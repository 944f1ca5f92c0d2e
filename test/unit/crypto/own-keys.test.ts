import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openOwnKeyRing } from '../../../src/crypto/multi-party/own-keys.ts';
import type { EncryptedVector, GroupKeyRing } from '../../../src/crypto/scheme.ts';

const vectors = [Float32Array.of(0.5, -1, 0.25), Float32Array.of(0.25, 3, -0.125)];
const half = 0.5;

describe("keys as in MASER's released code", () => {
  let ring: GroupKeyRing;
  const uploads: EncryptedVector[] = [];
  beforeAll(async () => {
    ring = await openOwnKeyRing('ckks-threshold', { clients: 2, workers: 0 });
    for (const [client, values] of vectors.entries())
      uploads.push(await ring.encryptor(client, [0, 1]).encrypt(values, half));
  });
  afterAll(() => ring.close());

  test('open the sum, each client decrypting its own upload', async () => {
    const sum = await ring.aggregator().weightedSum(uploads, [half, half]);
    const shares = [0, 1].map((client) => ring.shareHolder(client).share(sum, [0, 1]));
    const values = await ring.merger().merge(sum, await Promise.all(shares));
    [0.375, 1, 0.0625].forEach((mean, at) => {
      // The set's own precision; there is no flooding noise.
      expect(Math.abs((values[at] as number) - mean)).toBeLessThan(1e-7);
    });
  });

  test('let the server open a single upload with that very share', async () => {
    const sum = await ring.aggregator().weightedSum(uploads, [half, half]);
    const share = await ring.shareHolder(1).share(sum, [0, 1]);
    const alone: EncryptedVector = { ...(uploads[1] as EncryptedVector), kind: 'aggregate' };
    const values = await ring.merger().merge(alone, [{ ...share, openers: [1] }]);
    vectors[1]?.forEach((weight, at) => {
      expect(Math.abs((values[at] as number) - half * weight)).toBeLessThan(1e-7);
    });
  });

  test('exist for one parameter set, and open nothing that a client did not send', async () => {
    await expect(openOwnKeyRing('ckks-add', { clients: 2, workers: 0 })).rejects.toThrow(
      'needs the set ckks-threshold, not "ckks-add"',
    );
    const other = await ring.encryptor(0, [0, 1]).encrypt(Float32Array.of(1, 2, 3), 1);
    const sum = await ring.aggregator().weightedSum([other], [1]);
    await ring.encryptor(1, [0, 1]).encrypt(Float32Array.of(1), 1);
    await expect(ring.shareHolder(1).share(sum, [0])).rejects.toThrow('has no upload');
  });
});
