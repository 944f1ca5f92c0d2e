import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKeyRing } from '../../../src/crypto/key-ring.ts';
import type { EncryptedVector, KeyRing } from '../../../src/crypto/scheme.ts';
import { checkCrypto } from '../../../src/crypto/self-check.ts';
import { randomStream } from '../../../src/engine/random.ts';

const lenet = 61_706;

function modelOf(client: number, length: number): Float32Array {
  const random = randomStream(7, 'model', client);
  return Float32Array.from({ length }, () => 0.3 * random.normal());
}

function weightedMean(models: readonly Float32Array[], weights: readonly number[]): Float64Array {
  const sum = new Float64Array(models[0]?.length ?? 0);
  models.forEach((model, k) => {
    model.forEach((value, at) => {
      sum[at] = (sum[at] ?? 0) + (weights[k] ?? 0) * value;
    });
  });
  return sum;
}

function largestError(values: Float64Array, expected: Float64Array): number {
  return values.reduce(
    (worst, value, at) => Math.max(worst, Math.abs(value - (expected[at] ?? NaN))),
    0,
  );
}

describe('shared key, ckks-tenseal', () => {
  let ring: KeyRing;
  beforeAll(async () => {
    ring = await openKeyRing('shared', 'ckks-tenseal', { clients: 3 });
  });
  afterAll(() => ring.close());

  it('gives the exact weighted mean of three LeNet-5 within 1e-6', async () => {
    const models = [0, 1, 2].map((client) => modelOf(client, lenet));
    const weights = [0.2, 0.35, 0.45];
    const uploads: EncryptedVector[] = [];
    for (const [client, model] of models.entries())
      uploads.push(await ring.encryptor(client).encrypt(model, weights[client]));
    expect(uploads.map(({ ciphertexts }) => ciphertexts.length)).toEqual([16, 16, 16]);
    expect(uploads[0]?.ciphertexts[15]?.length).toBe(ring.parameterSet.ciphertextBytes);

    const sum = await ring.aggregator().weightedSum(uploads, weights);
    const values = await ring.decryptor(1).decrypt(sum);
    expect(values.length).toBe(lenet);
    expect(largestError(values, weightedMean(models, weights))).toBeLessThan(1e-6);
    // The uploads still belong to the caller.
    expect(uploads[2]?.ciphertexts[0]?.length).toBe(ring.parameterSet.ciphertextBytes);
  });

  it('decrypts a fresh upload, and never encrypts twice to the same bytes', async () => {
    const model = modelOf(9, 5000);
    const [first, second] = [
      await ring.encryptor(0).encrypt(model),
      await ring.encryptor(0).encrypt(model),
    ];
    expect(first.ciphertexts[0]).not.toEqual(second.ciphertexts[0]);
    const values = await ring.decryptor(0).decrypt(first);
    expect(largestError(values, Float64Array.from(model))).toBeLessThan(1e-6);
  });

  it('sums with negative and with zero weights, and an empty vector', async () => {
    const models = [modelOf(1, 10), modelOf(2, 10), modelOf(3, 10)];
    const uploads = await Promise.all(models.map((model, k) => ring.encryptor(k).encrypt(model)));
    const weights = [1, 0, -0.5];
    const sum = await ring.aggregator().weightedSum(uploads, weights);
    const values = await ring.decryptor(0).decrypt(sum);
    expect(largestError(values, weightedMean(models, weights))).toBeLessThan(1e-6);

    const nothing = await ring.encryptor(0).encrypt(new Float32Array(0));
    expect(nothing.ciphertexts).toEqual([]);
    const empty = await ring.aggregator().weightedSum([nothing, nothing], [0.5, 0.5]);
    expect((await ring.decryptor(0).decrypt(empty)).length).toBe(0);
  });

  it('sums the same uploads with one list of weights after the other', async () => {
    const models = [modelOf(4, 10), modelOf(5, 10)];
    const uploads = await Promise.all(models.map((model, k) => ring.encryptor(k).encrypt(model)));
    for (const weights of [
      [0.25, 0.75],
      [0.75, 0.5],
      [0.5, 0.5],
      [0.25, 0.75],
    ]) {
      const sum = await ring.aggregator().weightedSum(uploads, weights);
      const values = await ring.decryptor(0).decrypt(sum);
      expect(largestError(values, weightedMean(models, weights))).toBeLessThan(1e-6);
    }
  });

  it('refuses what it cannot encrypt or add', async () => {
    await expect(ring.encryptor(0).encrypt(Float32Array.of(1, Number.NaN))).rejects.toThrow(
      'Value 1 is NaN',
    );
    await expect(ring.encryptor(0).encrypt(Float32Array.of(1e20))).rejects.toThrow(RangeError);
    const a = await ring.encryptor(0).encrypt(Float32Array.of(1));
    const b = await ring.encryptor(0).encrypt(new Float32Array(5000));
    const aggregator = ring.aggregator();
    await expect(aggregator.weightedSum([], [])).rejects.toThrow('no vectors');
    await expect(aggregator.weightedSum([a], [1, 2])).rejects.toThrow('2 weights for 1 vectors');
    await expect(aggregator.weightedSum([a, b], [1, 1])).rejects.toThrow('vector 1: length');
    await expect(aggregator.weightedSum([a], [0])).rejects.toThrow('The weights are all zero');
    const short = { ...b, ciphertexts: b.ciphertexts.slice(1) };
    await expect(aggregator.weightedSum([short], [1])).rejects.toThrow(
      'number of ciphertexts: 1 instead of 2',
    );
  });

  it('gives the server nothing that decrypts', () => {
    const aggregator = ring.aggregator();
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(aggregator));
    expect(methods).toEqual(['constructor', 'weightedSum']);
    expect(Object.keys(aggregator)).toEqual([]);
  });

  it('states the bytes of its keys', () => {
    expect(ring.keyBytes).toEqual({ perClient: 524_401 + 262_232, server: 524_401 });
  });
});

describe('openKeyRing', () => {
  it('names what exists when a combination does not', async () => {
    await expect(openKeyRing('none', 'ckks-tenseal', { clients: 2 })).rejects.toThrow('Available:');
    await expect(openKeyRing('shared', 'ckks-tenseal', { clients: 0 })).rejects.toThrow(
      '0 clients',
    );
    await expect(
      openKeyRing('shared', 'ckks-tenseal', { clients: 1, workers: -1 }),
    ).rejects.toThrow('-1 workers');
  });

  it('sends plain values as float32 and averages them', async () => {
    const ring = await openKeyRing('none', 'plain', { clients: 2 });
    const models = [modelOf(0, 5000), modelOf(1, 5000)];
    const uploads = await Promise.all(models.map((model, k) => ring.encryptor(k).encrypt(model)));
    expect(uploads[0]?.ciphertexts.map((bytes) => bytes.length)).toEqual([16_384, 3616]);
    const sum = await ring.aggregator().weightedSum(uploads, [0.25, 0.75]);
    const values = await ring.decryptor(0).decrypt(sum);
    expect(largestError(values, weightedMean(models, [0.25, 0.75]))).toBeLessThan(1e-7);
  });

  it('passes its self check', async () => {
    expect((await checkCrypto()).error).toBeLessThan(1e-6);
  });
});
