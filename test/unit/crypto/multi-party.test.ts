import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGroupKeyRing } from '../../../src/crypto/key-ring.ts';
import {
  CiphertextError,
  type DecryptionShare,
  type EncryptedVector,
  type GroupKeyRing,
  RepeatedDecryption,
} from '../../../src/crypto/scheme.ts';
import { randomStream } from '../../../src/engine/random.ts';

const length = 5000;

/** Uploads of all clients with equal weights, their aggregate and its exact values. */
async function aggregateOf(ring: GroupKeyRing, clients: number) {
  const everyone = Array.from({ length: clients }, (_, client) => client);
  const weights = everyone.map(() => 1 / clients);
  const exact = new Float64Array(length);
  const uploads: EncryptedVector[] = [];
  for (const client of everyone) {
    const random = randomStream(13, 'model', client);
    const values = Float32Array.from({ length }, () => random.normal());
    values.forEach((value, at) => {
      exact[at] = (exact[at] ?? 0) + value / clients;
    });
    uploads.push(await ring.encryptor(client, everyone).encrypt(values, 1 / clients));
  }
  const aggregate = await ring.aggregator().weightedSum(uploads, weights);
  return { everyone, aggregate, exact };
}

function sharesOf(ring: GroupKeyRing, aggregate: EncryptedVector, openers: readonly number[]) {
  return Promise.all(openers.map((client) => ring.shareHolder(client).share(aggregate, openers)));
}

function largestError(values: Float64Array, exact: Float64Array): number {
  return values.reduce((worst, v, at) => Math.max(worst, Math.abs(v - (exact[at] ?? NaN))), 0);
}

describe.each([5, 20])('joint key of %i clients', (clients) => {
  it('opens to the mean within 1e-6', async () => {
    const ring = await openGroupKeyRing('joint', 'ckks-threshold', { clients });
    const { everyone, aggregate, exact } = await aggregateOf(ring, clients);
    const shares = await sharesOf(ring, aggregate, everyone);
    const values = await ring.merger().merge(aggregate, shares);
    const error = largestError(values, exact);
    expect(error).toBeLessThan(1e-6);
    // The flooding noise is there: rms 2^66 / √3 · √n · √4096 / 2^100.
    const rms = Math.hypot(...values.map((v, at) => v - (exact[at] ?? NaN))) / Math.sqrt(length);
    const predicted = (2 ** -34 / Math.sqrt(3)) * Math.sqrt(clients * 4096);
    expect(rms / predicted).toBeGreaterThan(0.9);
    expect(rms / predicted).toBeLessThan(1.1);
    await ring.close();
  });
});

describe('threshold key, 3 of 5', () => {
  let ring: GroupKeyRing;
  beforeAll(async () => {
    ring = await openGroupKeyRing('threshold', 'ckks-threshold', { clients: 5, threshold: 3 });
  });
  afterAll(() => ring.close());

  it('opens after two clients dropped out, whoever they are', async () => {
    for (const openers of [
      [0, 1, 2],
      [4, 2, 0],
    ]) {
      const { aggregate, exact } = await aggregateOf(ring, 5);
      const values = await ring.merger().merge(aggregate, await sharesOf(ring, aggregate, openers));
      expect(largestError(values, exact)).toBeLessThan(1e-6);
    }
  });

  it('opens with more than three as well', async () => {
    const { everyone, aggregate, exact } = await aggregateOf(ring, 5);
    const values = await ring.merger().merge(aggregate, await sharesOf(ring, aggregate, everyone));
    expect(largestError(values, exact)).toBeLessThan(1e-6);
  });

  it('does not open with two', async () => {
    const { aggregate } = await aggregateOf(ring, 5);
    await expect(sharesOf(ring, aggregate, [1, 3])).rejects.toThrow('3 of 5 are needed');
  });

  it('gives noise when a share is left out or replaced', async () => {
    const { aggregate, exact } = await aggregateOf(ring, 5);
    const [a, b, c] = await sharesOf(ring, aggregate, [0, 1, 2]);
    if (!a || !b || !c) throw new Error('three shares were asked for');
    const forged: DecryptionShare = { ...c, payloads: b.payloads };
    const values = await ring.merger().merge(aggregate, [a, b, forged]);
    expect(largestError(values, exact)).toBeGreaterThan(1000);
    await expect(ring.merger().merge(aggregate, [a, b])).rejects.toThrow('3 of 5 are needed');
    const late: DecryptionShare = { ...c, openers: [2, 3, 4] };
    await expect(ring.merger().merge(aggregate, [a, b, late])).rejects.toThrow('final list');
  });
});

describe('a party', () => {
  let ring: GroupKeyRing;
  beforeAll(async () => {
    ring = await openGroupKeyRing('joint', 'ckks-threshold', { clients: 2, workers: 0 });
  });
  afterAll(() => ring.close());

  it('refuses a second partial decryption of a ciphertext, even with another first polynomial', async () => {
    const { aggregate } = await aggregateOf(ring, 2);
    await ring.shareHolder(0).share(aggregate, [0, 1]);
    await expect(ring.shareHolder(0).share(aggregate, [0, 1])).rejects.toThrow(RepeatedDecryption);
    const altered = {
      ...aggregate,
      ciphertexts: aggregate.ciphertexts.map((bytes) => bytes.slice().fill(0, 113, 121)),
    };
    await expect(ring.shareHolder(0).share(altered, [0, 1])).rejects.toThrow(RepeatedDecryption);
    expect((await ring.shareHolder(1).share(aggregate, [0, 1])).payloads).toHaveLength(2);
  });

  it('refuses a ciphertext that an aggregate contains twice', async () => {
    const { aggregate } = await aggregateOf(ring, 2);
    const [first] = aggregate.ciphertexts as [Uint8Array];
    const twice = { ...aggregate, ciphertexts: [first, first] };
    await expect(ring.shareHolder(0).share(twice, [0, 1])).rejects.toThrow(RepeatedDecryption);
    // Refused as a whole, so the honest aggregate still opens.
    expect((await ring.shareHolder(0).share(aggregate, [0, 1])).payloads).toHaveLength(2);
  });

  it("refuses to help open one client's upload", async () => {
    const upload = await ring.encryptor(0, [0, 1]).encrypt(new Float32Array(3), 0.5);
    await expect(ring.shareHolder(1).share(upload, [0, 1])).rejects.toThrow('aggregate: kind');
  });

  it('refuses damaged aggregates and bad openers', async () => {
    const { aggregate } = await aggregateOf(ring, 2);
    const holder = ring.shareHolder(0);
    await expect(holder.share(aggregate, [0])).rejects.toThrow('2 of 2 are needed');
    await expect(holder.share(aggregate, [0, 0])).rejects.toThrow('named twice');
    await expect(holder.share(aggregate, [0, 7])).rejects.toThrow('no client 7');
    const damaged = {
      ...aggregate,
      ciphertexts: aggregate.ciphertexts.map((bytes) => bytes.slice().fill(255, 113, 121)),
    };
    await expect(holder.share(damaged, [0, 1])).rejects.toThrow('coefficient 0 of polynomial 0');
  });

  it('has damaged shares named', async () => {
    const { aggregate } = await aggregateOf(ring, 2);
    const [a, b] = await sharesOf(ring, aggregate, [0, 1]);
    if (!a || !b) throw new Error('two shares were asked for');
    const merge = (payloads: Uint8Array[]) =>
      ring.merger().merge(aggregate, [a, { ...b, payloads }]);
    const [first, second] = b.payloads as [Uint8Array, Uint8Array];
    await expect(merge([first])).rejects.toThrow('number of partial decryptions: 1 instead of 2');
    await expect(merge([first, second.slice(8)])).rejects.toThrow(CiphertextError);
    await expect(merge([first.slice().fill(255, 80, 88), second])).rejects.toThrow(
      'partial decryption 0 of client 1: coefficient 10',
    );
  });
});

it('opens full slots as well', async () => {
  const options = { clients: 2, packing: 'full-slot' } as const;
  const ring = await openGroupKeyRing('joint', 'ckks-threshold', options);
  const { everyone, aggregate, exact } = await aggregateOf(ring, 2);
  expect(aggregate.ciphertexts).toHaveLength(1);
  const values = await ring.merger().merge(aggregate, await sharesOf(ring, aggregate, everyone));
  expect(largestError(values, exact)).toBeLessThan(1e-6);
  await ring.close();
});

it('refuses key setups that do not exist', async () => {
  for (const setup of ['joint', 'threshold'] as const)
    for (const id of ['ckks-tenseal', 'bfv-pack23', 'paillier-3072', 'plain'] as const)
      await expect(openGroupKeyRing(setup, id, { clients: 2, threshold: 2 })).rejects.toThrow(
        new RegExp(
          `"${setup}" works with .*"ckks-threshold" only, not with "${id}".*Set the scheme`,
        ),
      );
  await expect(openGroupKeyRing('shared', 'ckks-threshold', { clients: 2 })).rejects.toThrow(
    'Available',
  );
  await expect(openGroupKeyRing('threshold', 'ckks-threshold', { clients: 2 })).rejects.toThrow(
    'needs a threshold',
  );
  await expect(
    openGroupKeyRing('threshold', 'ckks-threshold', { clients: 2, threshold: 3 }),
  ).rejects.toThrow('outside 1 … 2');
  await expect(
    openGroupKeyRing('joint', 'ckks-threshold', { clients: 2, floodingBits: 0 }),
  ).rejects.toThrow('flooding bits');
});
