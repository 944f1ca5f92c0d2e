import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGroupKeyRing } from '../../../src/crypto/key-ring.ts';
import { splitEvenly } from '../../../src/crypto/per-client-keys.ts';
import {
  CiphertextError,
  type EncryptedVector,
  type GroupKeyRing,
} from '../../../src/crypto/scheme.ts';
import { randomStream } from '../../../src/engine/random.ts';

const clients = 6;
const participants = [4, 0, 5, 2];
const length = 9001;

describe('block keys of MaskCrypt', () => {
  let ring: GroupKeyRing;
  let uploads: EncryptedVector[];
  let aggregate: EncryptedVector;
  let exact: Float64Array;

  beforeAll(async () => {
    ring = await openGroupKeyRing('per-client', 'ckks-tenseal', { clients });
    exact = new Float64Array(length);
    uploads = [];
    for (const client of participants) {
      const random = randomStream(3, 'model', client);
      const values = Float32Array.from({ length }, () => random.normal());
      values.forEach((value, at) => {
        exact[at] = (exact[at] ?? 0) + value / 4;
      });
      uploads.push(await ring.encryptor(client, participants).encrypt(values, 1 / 4));
    }
    aggregate = await ring.aggregator().weightedSum(uploads, [0.25, 0.25, 0.25, 0.25]);
  });
  afterAll(() => ring.close());

  it('are split evenly and cover everything', () => {
    expect(splitEvenly(9001, participants)).toEqual([
      { client: 4, length: 2250 },
      { client: 0, length: 2250 },
      { client: 5, length: 2250 },
      { client: 2, length: 2251 },
    ]);
    expect(splitEvenly(2, [7, 8, 9]).map((block) => block.length)).toEqual([0, 1, 1]);
  });

  it('open to the mean when every client decrypts its own block', async () => {
    const shares = await Promise.all(
      participants.map((client) => ring.shareHolder(client).share(aggregate, participants)),
    );
    expect(shares.map(({ payloads }) => payloads[0]?.length)).toEqual([9000, 9000, 9000, 9004]);
    const values = await ring.merger().merge(aggregate, shares);
    const error = values.reduce((w, v, at) => Math.max(w, Math.abs(v - (exact[at] ?? NaN))), 0);
    expect(error).toBeLessThan(1e-6);
  });

  it('lose the round when one client drops out, and say so', async () => {
    const shares = await Promise.all(
      [4, 0, 5].map((client) => ring.shareHolder(client).share(aggregate, participants)),
    );
    await expect(ring.merger().merge(aggregate, shares)).rejects.toThrow(
      'Client 2 did not decrypt',
    );
    await expect(ring.shareHolder(1).share(aggregate, participants)).rejects.toThrow('no block');
  });

  it('let c colluders open exactly c/K of what another client encrypted', async () => {
    const victim = uploads[0] as EncryptedVector;
    const colluders = [0, 2];
    let opened = 0;
    let at = 0;
    for (const [j, block] of (victim.blocks ?? []).entries()) {
      const own: EncryptedVector = {
        ...victim,
        kind: 'aggregate',
        length: block.length,
        ciphertexts: victim.ciphertexts.slice(j, j + 1),
        blocks: [block],
      };
      for (const colluder of colluders) {
        // A colluder applies its key to the victim's block: only its own block opens.
        const asOwn = { ...own, blocks: [{ client: colluder, length: block.length }] };
        const sum = await ring.aggregator().weightedSum([{ ...asOwn, kind: 'upload' }], [1]);
        const { payloads } = await ring.shareHolder(colluder).share(sum, [colluder]);
        const values = new Float32Array((payloads[0] as Uint8Array).slice().buffer);
        const random = randomStream(3, 'model', 4);
        const truth = Float32Array.from({ length }, () => random.normal());
        for (const [i, value] of values.entries())
          if (Math.abs(value - (truth[at + i] ?? NaN)) < 1e-3) opened++;
      }
      at += block.length;
    }
    expect(opened).toBe(2250 + 2251);
    expect(opened / length).toBeCloseTo(colluders.length / participants.length, 3);
  });

  it('refuse vectors whose blocks do not fit', async () => {
    const [first, second] = uploads as [EncryptedVector, EncryptedVector];
    const aggregator = ring.aggregator();
    const bent = { ...second, blocks: splitEvenly(length, [0, 4, 5, 2]) };
    await expect(aggregator.weightedSum([first, bent], [0.5, 0.5])).rejects.toThrow(
      'vector 1: blocks',
    );
    const long = { ...second, blocks: splitEvenly(length + 1, participants) };
    await expect(aggregator.weightedSum([first, long], [0.5, 0.5])).rejects.toThrow(
      CiphertextError,
    );
  });
});
