import { expect, test } from 'vitest';
import { openGroupKeyRing, openKeyRing } from '../../../src/crypto/key-ring.ts';
import { openOwnKeyRing } from '../../../src/crypto/multi-party/own-keys.ts';
import type { GroupKeyRing, KeyRing } from '../../../src/crypto/scheme.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { witnessKeys } from '../../../src/run/key-witness.ts';
import { type ArtifactTree, decodeArtifact, encodeArtifact } from '../../../src/store/artifact.ts';
import { parseKeyEvidence, serialiseKeyEvidence } from '../../../src/view/key-evidence.ts';
import { recoveredKeys, recoverKey } from '../../../src/view/key-recovery.ts';
import { ViewFormatError } from '../../../src/view/stored-fields.ts';

const SLOTS = 4096;

function weights(seed: number, length: number): Float32Array {
  const random = randomStream(seed, 'weights');
  return Float32Array.from({ length }, () => 0.1 * random.normal());
}

/** Two clients' round over a witnessed ring of one key; the values as the ring gave them. */
async function sharedRound(
  length: number,
  serverLearns: 'plain-part' | 'aggregate' = 'aggregate',
  id: 'ckks-tenseal' | 'bfv-pack23' = 'ckks-tenseal',
) {
  const witness = witnessKeys(await openKeyRing('shared', id, { clients: 2, workers: 0 }), {
    serverLearns,
  });
  const ring = witness.ring as KeyRing;
  const uploads = await Promise.all(
    [0, 1].map((client) => ring.encryptor(client).encrypt(weights(client, length), 0.5)),
  );
  const aggregate = await ring.aggregator().weightedSum(uploads, [0.5, 0.5]);
  const values = await ring.decryptor(0).decrypt(aggregate);
  await ring.close();
  return { values, record: await witness.evidence() };
}

test('returned aggregates: the key in float64, not as the protocol returns them', async () => {
  const { values, record } = await sharedRound(3 * SLOTS);
  const [a, b] = [weights(0, values.length), weights(1, values.length)];
  // The witness changes nothing; CKKS itself errs by some 1e-8.
  values.forEach((value, at) => {
    expect(value).toBeCloseTo(((a[at] as number) + (b[at] as number)) / 2, 5);
  });
  expect(record.evidence.map(({ owner, shows, precision }) => [owner, shows, precision])).toEqual([
    ['all', 'values', 'float32'],
    ['all', 'values', 'float64'],
  ]);
  const [rounded, exact] = record.evidence.map(recoverKey);
  expect(exact).toEqual({ owner: 'all', solvedFrom: 2, explained: 1 });
  // A wrong solution predicts a coefficient by chance, once in 2^60.
  expect(rounded?.explained).toBe(0);
  expect(recoveredKeys(record)).toEqual({ reason: expect.stringContaining('float32') });
  const exactly = { ...record, evidence: record.evidence.slice(1) };
  const returned = exactly.evidence.map((one) => ({ ...one, precision: 'float32' as const }));
  expect(recoveredKeys({ ...exactly, evidence: returned })).toEqual({ recovered: 'the key' });
});

test.each([
  ['decrypted value of a ciphertext is returned', () => sharedRound(3 * SLOTS, 'plain-part')],
  ['all its 4096 slots', () => sharedRound(SLOTS - 1)],
  ['decrypts exactly', () => sharedRound(SLOTS, 'aggregate', 'bfv-pack23')],
])('nothing to attack with: %s', async (words, round) => {
  const { record } = await round();
  expect(record.evidence).toEqual([]);
  expect(recoveredKeys(record)).toEqual({ reason: expect.stringContaining(words) });
});

test('one ciphertext too few to solve and to check', async () => {
  const { record } = await sharedRound(2 * SLOTS);
  expect(record.evidence.map(recoverKey)).toEqual([undefined, undefined]);
});

async function groupRound(ring: GroupKeyRing, flooding?: boolean) {
  const witness = witnessKeys(ring, {
    serverLearns: 'aggregate',
    ...(flooding !== undefined && { flooding }),
  });
  const seen = witness.ring as GroupKeyRing;
  const clients = [0, 1];
  const length = ring.keySetup === 'per-client' ? 6 * SLOTS : 2 * SLOTS;
  const uploads = await Promise.all(
    clients.map((client) => seen.encryptor(client, clients).encrypt(weights(client, length), 0.5)),
  );
  const aggregate = await seen.aggregator().weightedSum(uploads, [0.5, 0.5]);
  const shares = await Promise.all(
    clients.map((client) => seen.shareHolder(client).share(aggregate, clients)),
  );
  const values = await seen.merger().merge(aggregate, shares);
  expect(values[7]).toBeCloseTo(
    ((weights(0, length)[7] as number) + (weights(1, length)[7] as number)) / 2,
    5,
  );
  await ring.close();
  return witness.evidence();
}

test.each([
  [false, 1],
  [true, 0],
])('partial decryptions, flooding %s: every opener’s key to %d', async (flooding, explained) => {
  const ring = await openGroupKeyRing('joint', 'ckks-threshold', { clients: 2, flooding });
  const record = await groupRound(ring, flooding);
  expect(record.opens).toBe('together');
  expect(record.evidence.map(recoverKey)).toEqual(
    [0, 1].map((owner) => ({ owner, solvedFrom: 1, explained })),
  );
  expect(recoveredKeys(record)).toEqual(
    explained === 1
      ? { recovered: 'the key' }
      : { reason: expect.stringContaining('flooding noise') },
  );
});

test('a threshold key’s shares count for their openers', async () => {
  const ring = await openGroupKeyRing('threshold', 'ckks-threshold', {
    ...{ clients: 3, threshold: 2, flooding: false },
  });
  const record = await groupRound(ring, false);
  expect(recoveredKeys(record)).toEqual({ recovered: 'the key' });
});

test('keys of their own: each client’s, from its own upload', async () => {
  const ring = await openOwnKeyRing('ckks-threshold', { clients: 2, workers: 0 });
  const record = await groupRound(ring, false);
  expect(recoveredKeys(record)).toEqual({ recovered: [0, 1] });
});

test('what is kept survives the store', async () => {
  const { record } = await sharedRound(3 * SLOTS);
  const file = encodeArtifact(serialiseKeyEvidence(record) as unknown as ArtifactTree);
  expect(parseKeyEvidence(decodeArtifact(file, 'keys.bin'))).toEqual(record);
  expect(() => parseKeyEvidence({ ...serialiseKeyEvidence(record), opens: 'all' })).toThrow(
    ViewFormatError,
  );
});

test('blocks returned in float32 keep their keys', async () => {
  const ring = await openGroupKeyRing('per-client', 'ckks-tenseal', { clients: 2 });
  const record = await groupRound(ring);
  expect(recoveredKeys(record)).toEqual({ reason: expect.stringContaining('float32') });
  expect(record.evidence.map(({ owner, precision }) => [owner, precision])).toEqual([
    [0, 'float32'],
    [1, 'float32'],
  ]);
  for (const evidence of record.evidence) expect(recoverKey(evidence)?.explained).toBe(0);
});
