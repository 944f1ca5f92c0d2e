import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKeyRing } from '../../../src/crypto/key-ring.ts';
import { batchCryptCodec, lanesCodec } from '../../../src/crypto/paillier/codecs.ts';
import { fromBytes, power, toBytes } from '../../../src/crypto/paillier/numbers.ts';
import { parameterSet } from '../../../src/crypto/parameter-sets.ts';
import { CiphertextError, type KeyRing, type ParameterSetId } from '../../../src/crypto/scheme.ts';
import { defaultOptions } from '../../../src/crypto/scheme-options.ts';
import { randomStream } from '../../../src/engine/random.ts';

it("takes OpenSSL's powers like plain arithmetic", () => {
  fc.assert(
    fc.property(fc.bigInt(2n, 2n ** 600n), fc.bigInt(1n, 2n ** 300n), (base, exponent) => {
      const modulus = 2n ** 607n - 1n;
      let expected = 1n;
      for (const bit of exponent.toString(2))
        expected = (expected * expected * (bit === '1' ? base : 1n)) % modulus;
      expect(power(base, exponent, modulus)).toBe(expected);
    }),
    { numRuns: 20 },
  );
  expect(fromBytes(toBytes(258n, 4))).toBe(258n);
});

describe('lanes', () => {
  const codec = lanesCodec(defaultOptions);
  const random = randomStream(1);

  it('hold the weighted sum of 100 clients within the stated precision', () => {
    const set = parameterSet('paillier-3072-lanes');
    expect(codec.valuesPerInteger).toBe(set.valuesPerCiphertext);
    const exact = new Float64Array(191);
    let sum = 0n;
    for (let k = 0; k < 100; k++) {
      const values = Float32Array.from({ length: 191 }, () => 2 * random.uniform() - 1);
      values.forEach((value, at) => {
        exact[at] = (exact[at] ?? 0) + value / 100;
      });
      sum += codec.encode(values, 1 / 100, random);
    }
    const errors = codec.decode(sum, 'aggregate').map((value, at) => value - (exact[at] ?? NaN));
    const error = Math.max(...errors.map(Math.abs));
    expect(error).toBeLessThan(set.precision);
    expect(error).toBeGreaterThan(set.precision / 30);
  });

  it('keep the extremes of 128 clients apart, and fit below half of n', () => {
    const values = Float32Array.from({ length: 191 }, (_, at) => (at % 2 ? -50 : 50));
    const sum = 128n * codec.encode(values, 1 / 128, random);
    expect(sum.toString(2).length).toBeLessThan(3072 - 1);
    codec.decode(sum, 'aggregate').forEach((value, at) => {
      expect(value).toBeCloseTo(at % 2 ? -1 : 1, 2);
    });
  });

  it('round stochastically without bias', () => {
    const stochastic = lanesCodec({ ...defaultOptions, rounding: 'stochastic' });
    const value = 0.4 / (2 ** 15 - 129);
    let sum = 0;
    for (let k = 0; k < 200; k++)
      sum += stochastic.decode(
        stochastic.encode(new Float32Array(191).fill(value), 1, random),
        'upload',
      )[k % 191] as number;
    expect(sum / 200 / value).toBeGreaterThan(0.7);
    expect(sum / 200 / value).toBeLessThan(1.3);
  });
});

describe('BatchCrypt', () => {
  const set = parameterSet('paillier-3072-batchcrypt');
  const codec = batchCryptCodec(defaultOptions);
  const random = randomStream(2);

  it('writes negative values in two’s complement of nine bits', () => {
    expect(codec.encode(Float32Array.of(1, -1, 0, -1), 1, random)).toBe(
      (385n << 48n) + (385n << 16n) + 127n,
    );
    expect([...codec.decode((385n << 16n) + 127n, 'upload').slice(0, 3)]).toEqual([1, -1, 0]);
  });

  it('holds the weighted sum of 100 clients within the stated precision, without bias', () => {
    expect(codec.valuesPerInteger).toBe(set.valuesPerCiphertext);
    const exact = new Float64Array(191);
    let sum = 0n;
    for (let k = 0; k < 100; k++) {
      const values = Float32Array.from({ length: 191 }, () => 2 * random.uniform() - 1);
      values.forEach((value, at) => {
        exact[at] = (exact[at] ?? 0) + value / 100;
      });
      sum += codec.encode(values, 1 / 100, random);
    }
    const errors = codec.decode(sum, 'aggregate').map((value, at) => value - (exact[at] ?? NaN));
    const worst = Math.max(...errors.map(Math.abs));
    expect(worst).toBeLessThan(set.precision);
    expect(worst).toBeGreaterThan(set.precision / 30);
    expect(Math.abs(errors.reduce((a, b) => a + b, 0) / 191)).toBeLessThan(0.01);
  });

  it('keeps the carries of 128 negative values out of the next lane, and saturates', () => {
    const values = Float32Array.from({ length: 191 }, (_, at) => (at % 2 ? -50 : 50));
    let sum = 0n;
    for (let k = 0; k < 128; k++) sum += codec.encode(values, 1 / 128, random);
    expect(sum.toString(2).length).toBeLessThan(3072 - 1);
    codec.decode(sum, 'aggregate').forEach((value, at) => {
      expect(Math.abs(value - (at % 2 ? -1 : 1))).toBeLessThan(0.2);
      expect(Math.abs(value)).toBeLessThanOrEqual(1);
    });
    const over = codec.encode(values, 1, random) + codec.encode(values, 0.5, random);
    expect([...codec.decode(over, 'aggregate').slice(0, 2)]).toEqual([1, -1]);
  });
});

describe.each([
  'paillier-3072',
  'paillier-3072-batchcrypt',
  'paillier-3072-lanes',
] as ParameterSetId[])('%s', (id) => {
  let ring: KeyRing;
  beforeAll(async () => {
    ring = await openKeyRing('shared', id, { clients: 2 });
  });
  afterAll(() => ring.close());

  it('gives the weighted mean', async () => {
    const a = Float32Array.of(0.5, -0.25, 0.75);
    const b = Float32Array.of(-1, 0.125, 0.3);
    const uploads = [
      await ring.encryptor(0).encrypt(a, 0.3),
      await ring.encryptor(1).encrypt(b, 0.7),
    ];
    const { ciphertextBytes, valuesPerCiphertext } = ring.parameterSet;
    expect(uploads[0]?.ciphertexts.map(({ length }) => length)).toEqual(
      Array(Math.ceil(3 / valuesPerCiphertext)).fill(ciphertextBytes),
    );
    const sum = await ring.aggregator().weightedSum(uploads, [0.3, 0.7]);
    const values = await ring.decryptor(0).decrypt(sum);
    values.forEach((value, at) => {
      const exact = 0.3 * (a[at] as number) + 0.7 * (b[at] as number);
      expect(Math.abs(value - exact)).toBeLessThan(ring.parameterSet.precision);
    });
  });

  it('refuses damaged ciphertexts by name', async () => {
    const upload = await ring.encryptor(0).encrypt(Float32Array.of(0.5), 1);
    const sum = (bytes: Uint8Array) =>
      ring.aggregator().weightedSum([{ ...upload, ciphertexts: [bytes] }], [1]);
    await expect(sum(new Uint8Array(767))).rejects.toThrow('vector 0, ciphertext 0: length');
    await expect(sum(new Uint8Array(768))).rejects.toThrow('a multiple of n');
    await expect(sum(new Uint8Array(768).fill(255))).rejects.toThrow(CiphertextError);
  });
});
