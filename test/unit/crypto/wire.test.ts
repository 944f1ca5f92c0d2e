import { afterAll, beforeAll, expect, it } from 'vitest';
import { openKeyRing } from '../../../src/crypto/key-ring.ts';
import { CiphertextError, type EncryptedVector, type KeyRing } from '../../../src/crypto/scheme.ts';

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
