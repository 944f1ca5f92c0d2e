import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGroupKeyRing, openKeyRing } from '../../../src/crypto/key-ring.ts';
import { extrapolationFactor, sampleKeyRing } from '../../../src/crypto/sampled-key-ring.ts';
import type { KeyRing } from '../../../src/crypto/scheme.ts';
import { defaultOptions } from '../../../src/crypto/scheme-options.ts';
import { randomStream } from '../../../src/engine/random.ts';

const options = { ...defaultOptions, range: 0.5, seed: 3 };
const weights = [0.25, 0.75];
const random = randomStream(1, 'values');
const vector = (length: number) => Float32Array.from({ length }, () => random.uniform() - 0.5);
/** Two full ciphertexts of 191 values and a short one, in two rounds. */
const rounds = [0, 1].map(() => [vector(400), vector(400)]);

let full: KeyRing;
let sampled: KeyRing;
beforeAll(async () => {
  const open = (realCiphertexts?: number) =>
    openKeyRing('shared', 'paillier-3072-batchcrypt', {
      ...options,
      clients: 2,
      workers: 0,
      ...(realCiphertexts !== undefined && { realCiphertexts }),
    });
  full = await open();
  sampled = await open(1);
}, 60_000);
afterAll(async () => {
  await full.close();
  await sampled.close();
});

async function mean(ring: KeyRing, vectors: readonly Float32Array[]) {
  const uploads = await Promise.all(
    vectors.map((values, k) => ring.encryptor(k).encrypt(values, weights[k])),
  );
  const sum = await ring.aggregator().weightedSum(uploads, weights);
  return { uploads, sum, values: await ring.decryptor(0).decrypt(sum) };
}

describe('a sampled key ring', () => {
  it('gives the results and sizes of the full one, draw by draw', async () => {
    for (const vectors of rounds) {
      const [expected, got] = [await mean(full, vectors), await mean(sampled, vectors)];
      expect(got.values).toEqual(expected.values);
      expect(got.sum.ciphertexts.map(({ length }) => length)).toEqual([768, 768, 768]);
      expect([got.uploads[0]?.emulated, got.sum.emulated]).toEqual([2, 2]);
      expect([got.uploads[0], got.sum].map((one) => one && extrapolationFactor(one))).toEqual([
        3, 3,
      ]);
      expect(extrapolationFactor(expected.sum)).toBe(1);
    }
  }, 60_000);

  it('encrypts short vectors entirely', async () => {
    const { uploads, sum, values } = await mean(sampled, [vector(191), vector(191)]);
    expect(sum.ciphertexts.length).toBe(1);
    expect(uploads[0]?.emulated).toBeUndefined();
    expect(values.length).toBe(191);
  }, 60_000);

  it('refuses what it cannot stand for', async () => {
    const plain = await openKeyRing('none', 'plain', { clients: 2 });
    expect(() => sampleKeyRing(plain, options, 1)).toThrow(/not plain: leave realCiphertexts out/);
    expect(() => sampleKeyRing(full, options, 0)).toThrow(/whole number from 1/);
    const wrong = openKeyRing('shared', 'ckks-tenseal', { clients: 2, realCiphertexts: 1 });
    await expect(wrong).rejects.toThrow(/not ckks-tenseal: leave realCiphertexts out/);
    const group = openGroupKeyRing('per-client', 'paillier-3072-batchcrypt', {
      clients: 2,
      realCiphertexts: 1,
    });
    await expect(group).rejects.toThrow(/shared keys only/);
    const { sum } = await mean(sampled, [vector(400), vector(400)]);
    const cut = { ...sum, ciphertexts: sum.ciphertexts.with(2, new Uint8Array(3)) };
    await expect(sampled.decryptor(0).decrypt(cut)).rejects.toThrow(
      /ciphertext 2: length: 3 bytes instead of 768/,
    );
    const short = { ...cut, kind: 'upload' as const };
    await expect(sampled.aggregator().weightedSum([short], [short.weight])).rejects.toThrow(
      /vector 0, ciphertext 2: length: 3 bytes/,
    );
  }, 60_000);
});
