import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openGroupKeyRing, openKeyRing } from '../../../src/crypto/key-ring.ts';
import { inflation, parameterSet, parameterSets } from '../../../src/crypto/parameter-sets.ts';
import type { EncryptedVector, ParameterSetId } from '../../../src/crypto/scheme.ts';
import type { SchemeOptions } from '../../../src/crypto/scheme-options.ts';
import { randomStream } from '../../../src/engine/random.ts';

const encrypted = parameterSets.filter(
  ({ id, scheme }) => (scheme === 'ckks' || scheme === 'bfv') && id !== 'ckks-threshold',
);

/** Encrypts, aggregates and decrypts `clients` vectors in [-1, 1] with uneven weights. */
async function meanOf(
  id: ParameterSetId,
  clients: number,
  length: number,
  options: Partial<SchemeOptions> = {},
) {
  const ring = await openKeyRing('shared', id, { clients, workers: 0, ...options });
  const random = randomStream(5, id);
  const shares = Array.from({ length: clients }, () => 0.2 + random.uniform());
  const total = shares.reduce((sum, share) => sum + share, 0);
  const weights = shares.map((share) => share / total);
  const exact = new Float64Array(length);
  const uploads: EncryptedVector[] = [];
  let last = NaN;
  for (const [k, weight] of weights.entries()) {
    const values = Float32Array.from({ length }, () => 2 * random.uniform() - 1);
    values.forEach((value, at) => {
      exact[at] = (exact[at] ?? 0) + weight * value;
    });
    if (k === 0)
      last = (values.at(-1) ?? NaN) * (ring.parameterSet.weighting === 'client' ? weight : 1);
    uploads.push(await ring.encryptor(k).encrypt(values, weight));
  }
  const aggregate = await ring.aggregator().weightedSum(uploads, weights);
  const values = await ring.decryptor(0).decrypt(aggregate);
  const upload = await ring.decryptor(0).decrypt(uploads[0] as EncryptedVector);
  await ring.close();
  const error = values.reduce(
    (worst, v, at) => Math.max(worst, Math.abs(v - (exact[at] ?? NaN))),
    0,
  );
  return { error, uploads, aggregate, upload, first: last };
}

describe.each(encrypted)('$id', (set) => {
  it('states the size and the precision of a mean of 100 clients', async () => {
    const { error, uploads } = await meanOf(set.id, 100, set.valuesPerCiphertext);
    expect(uploads[0]?.ciphertexts.map((bytes) => bytes.length)).toEqual([set.ciphertextBytes]);
    expect(error).toBeLessThan(set.precision);
    // Not stated more than ten-odd times too carefully either.
    expect(error).toBeGreaterThan(set.precision / 30);
  });
});

it('ckks-threshold states size and precision under a joint key of 100 clients', async () => {
  const set = parameterSet('ckks-threshold');
  const clients = Array.from({ length: 100 }, (_, client) => client);
  const ring = await openGroupKeyRing('joint', set.id, { clients: 100, workers: 0 });
  const upload = await ring.encryptor(0, clients).encrypt(new Float32Array(4096).fill(-0.75));
  expect(upload.ciphertexts.map((bytes) => bytes.length)).toEqual([set.ciphertextBytes]);
  const sum = await ring.aggregator().weightedSum([upload], [1]);
  const shares = await Promise.all(clients.map((k) => ring.shareHolder(k).share(sum, clients)));
  const values = await ring.merger().merge(sum, shares);
  await ring.close();
  const error = values.reduce((worst, v) => Math.max(worst, Math.abs(v + 0.75)), 0);
  expect(error).toBeLessThan(set.precision);
  expect(error).toBeGreaterThan(set.precision / 30);
});

it('states how many times the bytes of float32 a ciphertext has', () => {
  expect(inflation(parameterSet('plain'))).toBe(1);
  expect(inflation(parameterSet('bfv-pack23'))).toBeCloseTo(131_185 / 65_536, 12);
  expect(inflation(parameterSet('paillier-3072'))).toBe(192);
});

describe('bfv-pack23', () => {
  const set = parameterSet('bfv-pack23');

  it('takes at least 8 times fewer bytes per value than ckks-tenseal', () => {
    const perValue = (id: ParameterSetId) =>
      parameterSet(id).ciphertextBytes / parameterSet(id).valuesPerCiphertext;
    expect(perValue('ckks-tenseal') / perValue(set.id)).toBeGreaterThan(8);
  });

  it('stays within 1.5e-5 of the range, rounded either way', async () => {
    const range = 4;
    const nearest = await meanOf(set.id, 20, 64, { range });
    expect(nearest.error).toBeLessThan(1.5e-5 * 2 * range);
    const stochastic = await meanOf(set.id, 20, 64, { range, rounding: 'stochastic', seed: 3 });
    expect(stochastic.error).toBeLessThan(1.5e-5 * 2 * range);
    expect(stochastic.error).toBeGreaterThan(0);
  });

  it('clips to the range, and keeps the extremes of 128 clients out of their neighbours', async () => {
    const ring = await openKeyRing('shared', set.id, { clients: 128, workers: 0, range: 2 });
    const values = new Float32Array(8193).fill(-1e9);
    values[0] = 1e9;
    values[8192] = 2;
    const uploads: EncryptedVector[] = [];
    for (let client = 0; client < 128; client++)
      uploads.push(await ring.encryptor(client).encrypt(values, 1 / 128));
    const sum = await ring.aggregator().weightedSum(uploads, Array(128).fill(1 / 128));
    const mean = await ring.decryptor(0).decrypt(sum);
    await ring.close();
    expect(mean[0]).toBeCloseTo(2, 4);
    expect(mean[8192]).toBeCloseTo(2, 4);
    expect(mean[1]).toBeCloseTo(-2, 4);
    expect(mean[8191]).toBeCloseTo(-2, 4);
  });

  it('rounds every upload with draws of its own, and the same ones in every run', async () => {
    const run = async () => {
      const options = { clients: 1, workers: 0, rounding: 'stochastic', seed: 8 } as const;
      const ring = await openKeyRing('shared', set.id, options);
      const values = Float32Array.from({ length: 200 }, (_, at) => Math.sin(at));
      const opened: number[][] = [];
      for (let upload = 0; upload < 2; upload++) {
        const vector = await ring.encryptor(0).encrypt(values, 1);
        opened.push([...(await ring.decryptor(0).decrypt(vector))]);
      }
      await ring.close();
      return opened;
    };
    const [first, second] = await run();
    expect(first).not.toEqual(second);
    expect(await run()).toEqual([first, second]);
  });

  it('rounds stochastically to the same values with any number of workers', async () => {
    const run = async (workers: number) => {
      const options = { clients: 2, workers, rounding: 'stochastic', seed: 8 } as const;
      const ring = await openKeyRing('shared', set.id, options);
      // Nine ciphertexts, which two workers cut into chunks other than those of one.
      const values = Float32Array.from({ length: 8 * 16_384 + 5 }, (_, at) => Math.sin(at));
      const encrypt = (client: number) => ring.encryptor(client).encrypt(values, 0.5);
      // Clients that encrypt in another order draw the same numbers, too.
      if (workers === 2) await encrypt(1);
      const opened = await ring.decryptor(0).decrypt(await encrypt(0));
      await ring.close();
      return createHash('sha256').update(opened).digest('hex');
    };
    const one = await run(1);
    expect(await run(2)).toBe(one);
    expect(await run(0)).toBe(one);
  });

  it('refuses weights that the clients did not apply, or that exceed 1', async () => {
    const ring = await openKeyRing('shared', set.id, { clients: 2, workers: 0 });
    const upload = await ring.encryptor(0).encrypt(Float32Array.of(0.5), 0.75);
    const aggregator = ring.aggregator();
    await expect(aggregator.weightedSum([upload], [0.5])).rejects.toThrow(
      'give the weight to encrypt()',
    );
    await expect(aggregator.weightedSum([upload, upload], [0.75, 0.75])).rejects.toThrow(
      'add up to 1.5',
    );
    const sum = await aggregator.weightedSum([upload], [0.75]);
    await expect(aggregator.weightedSum([sum], [0.75])).rejects.toThrow(
      'cannot be aggregated again',
    );
    await ring.close();
  });
});

describe('smaller uploads', () => {
  const sets = encrypted.map((set) => [set.id, set] as const);
  it.each(sets)('%s halves with a seed', async (id, set) => {
    const { error, uploads, upload } = await meanOf(id, 3, 64, { uploads: 'seeded' });
    const bytes = 113 + (set.ciphertextBytes - 113) / 2 + 81;
    expect(uploads[0]?.ciphertexts.map((ciphertext) => ciphertext.length)).toEqual([bytes]);
    expect(error).toBeLessThan(set.precision);
    expect(upload.length).toBe(64);
  });

  it.each(sets.filter(([, { scheme }]) => scheme === 'ckks'))(
    '%s carries twice the values in full slots',
    async (id, set) => {
      const length = 2 * set.valuesPerCiphertext;
      const { error, uploads, upload, first } = await meanOf(id, 3, length, {
        packing: 'full-slot',
        downloads: 'fewest-primes',
      });
      expect(uploads[0]?.ciphertexts.map((ciphertext) => ciphertext.length)).toEqual([
        set.ciphertextBytes,
      ]);
      expect(error).toBeLessThan(set.precision);
      expect(Math.abs((upload.at(-1) ?? NaN) - first)).toBeLessThan(set.precision);
    },
  );

  it('halves twice with both', async () => {
    const options = { packing: 'full-slot', uploads: 'seeded' } as const;
    const { error, uploads } = await meanOf('ckks-tenseal', 2, 8192, options);
    expect(uploads[0]?.ciphertexts.map((ciphertext) => ciphertext.length)).toEqual([196_802]);
    expect(error).toBeLessThan(1e-7);
  });

  it('is refused where it does not exist', async () => {
    const open = (id: ParameterSetId, options: Partial<SchemeOptions>) =>
      openKeyRing('shared', id, { clients: 1, ...options });
    await expect(open('bfv-pack23', { packing: 'full-slot' })).rejects.toThrow('exists for CKKS');
    await expect(open('bfv-pack23', { range: 0 })).rejects.toThrow('range of 0');
    await expect(
      openGroupKeyRing('joint', 'ckks-threshold', { clients: 2, uploads: 'seeded' }),
    ).rejects.toThrow('no client has it');
  });
});

describe('fewest primes in the download', () => {
  it.each([
    ['ckks-tenseal', 131_185, 1e-7],
    ['bfv-maskcrypt', 262_257, 1e-5],
  ] as const)('%s shrinks to %i bytes', async (id, bytes, precision) => {
    const { error, aggregate } = await meanOf(id, 5, 64, { downloads: 'fewest-primes' });
    expect(aggregate.ciphertexts.map((ciphertext) => ciphertext.length)).toEqual([bytes]);
    expect(error).toBeLessThan(precision);
  });
});
