import { afterAll, beforeAll, expect, it } from 'vitest';
import { openKeyRing } from '../../../src/crypto/key-ring.ts';
import { CiphertextError, type EncryptedVector, type KeyRing } from '../../../src/crypto/scheme.ts';
import { randomStream } from '../../../src/engine/random.ts';

let ring: KeyRing;
let upload: EncryptedVector;
let bytes: Uint8Array;

beforeAll(async () => {
  ring = await openKeyRing('shared', 'ckks-tenseal', { clients: 1 });
  upload = await ring.encryptor(0).encrypt(Float32Array.of(0.5, -0.25));
  bytes = upload.ciphertexts[0] ?? new Uint8Array(0);
});
afterAll(() => ring.close());

function changed(change: (bytes: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

const aggregate = (ciphertext: Uint8Array) =>
  ring.aggregator().weightedSum([upload, { ...upload, ciphertexts: [ciphertext] }], [0.5, 0.5]);

it.each([
  ['length', () => bytes.slice(1)],
  ['magic number', () => changed((b) => b.fill(0, 0, 1))],
  ['compression mode', () => changed((b) => b.fill(1, 5, 6))],
  ['parameter id', () => changed((b) => b.fill(7, 20, 21))],
  ['NTT flag', () => changed((b) => b.fill(0, 48, 49))],
  ['number of polynomials', () => changed((b) => b.fill(3, 49, 50))],
  ['scale', () => changed((b) => b.fill(1, 73, 74))],
  ['number of coefficients', () => changed((b) => b.fill(255, 105, 113))],
  ['coefficient 0 of polynomial 0', () => changed((b) => b.fill(255, 113, 121))],
  ['coefficient 8191 of polynomial 1', () => changed((b) => b.fill(255, b.length - 8))],
  ['second polynomial is zero', () => changed((b) => b.fill(0, 113 + 3 * 8192 * 8))],
])('names the %s', async (field, make) => {
  const error = await aggregate(make()).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(CiphertextError);
  expect(String(error)).toContain('vector 1, ciphertext 0');
  expect(String(error)).toContain(field);
});

it('survives 500 mutated ciphertexts', { timeout: 120_000 }, async () => {
  const random = randomStream(11, 'fuzz');
  const mutations: readonly (() => Uint8Array)[] = [
    () => bytes.slice(0, random.integer(bytes.length)),
    () => new Uint8Array([...bytes.subarray(0, 200), ...new Uint8Array(random.integer(1000))]),
    () =>
      changed((b) => b.set([b[random.integer(1)] ?? 0, random.integer(256)], random.integer(112))),
    () => changed((b) => b.fill(255, 113 + 8 * random.integer(49_152)).subarray(0, bytes.length)),
    () => changed((b) => b.fill(0xff, 120 + 8 * random.integer(40_000), 121 + 8 * 40_000)),
    () => changed((b) => b.set([random.integer(256)], random.integer(b.length))),
  ];
  let refused = 0;
  for (let at = 0; at < 500; at++) {
    const mutate = mutations[at % mutations.length] ?? (() => bytes);
    const mutated = mutate();
    const outcome = await aggregate(mutated).catch((caught: unknown) => caught);
    if (outcome instanceof CiphertextError) refused++;
    // What is accepted is a ciphertext of these parameters: SEAL took it without an exception.
    else expect(outcome).toMatchObject({ parameterSet: 'ckks-tenseal', length: 2 });
  }
  expect(refused).toBeGreaterThan(400);
  const values = await ring.decryptor(0).decrypt(await aggregate(bytes));
  expect(values[0]).toBeCloseTo(0.5, 6);
  expect(values[1]).toBeCloseTo(-0.25, 6);
});
