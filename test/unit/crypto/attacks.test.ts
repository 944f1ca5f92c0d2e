import { expect, it } from 'vitest';
import { openGroupKeyRing } from '../../../src/crypto/key-ring.ts';
import type { EncryptedVector, GroupKeyRing } from '../../../src/crypto/scheme.ts';
import { defaultOptions } from '../../../src/crypto/scheme-options.ts';
import { openContext } from '../../../src/crypto/seal/context.ts';
import { loadSeal, withSeal } from '../../../src/crypto/seal/library.ts';
import { sealParameters } from '../../../src/crypto/seal/seal-parameters.ts';
import { InlineExecutor } from '../../../src/crypto/work/inline-executor.ts';
import type { KeyMaterial } from '../../../src/crypto/work/operations.ts';
import { randomStream } from '../../../src/engine/random.ts';
import {
  keyFromExactPartial,
  keyFromTwoDecryptions,
  type Residues,
  residues,
} from './key-recovery.ts';

const degree = 8192;
const ciphertextHeader = 113;
const plaintextHeader = 88;

function agreement(a: Residues, b: Residues): number {
  return a.filter((value, at) => value === b[at]).length / a.length;
}

it('two decryptions give away the CKKS key in float64, but not rounded or flooded', async () => {
  const parameters = sealParameters('ckks-tenseal');
  if (parameters.scheme !== 'ckks') throw new Error('a CKKS set was asked for');
  const setup = { parameterSet: parameters.id, options: defaultOptions };
  const client = new InlineExecutor(setup);
  const keys = await client.submit('generateKeys', [], () => ({}));
  const publicKey: KeyMaterial = { id: 0, kind: 'public', bytes: keys.publicKey };
  const secretKey: KeyMaterial = { id: 1, kind: 'secret', bytes: keys.secretKey };
  const random = randomStream(23, 'models');
  const values = Float32Array.from({ length: 8192 }, () => 0.1 * random.normal());
  const { ciphertexts } = await client.submit('encrypt', [publicKey], () => ({
    key: 0,
    values,
    weight: 1,
    stream: [],
    first: 0,
  }));
  const decrypted = await client.submit('decrypt', [secretKey], () => ({
    key: 1,
    ciphertexts: ciphertexts.map((bytes) => bytes.slice()),
    kind: 'upload',
    weight: 1,
    length: 8192,
    first: 0,
  }));
  await client.close();

  // The server: public parameters, two ciphertexts and the values they decrypt to.
  const seal = await loadSeal();
  const set = openContext(seal, parameters, defaultOptions);
  const prime = set.keyPrimes[0] as bigint;
  const polynomial = 8 * degree * set.upload.primes.length;
  const recover = (shown: Float64Array) => {
    const observe = (index: number) =>
      withSeal((scope) => {
        const bytes = ciphertexts[index] as Uint8Array;
        const encoder = scope(seal.CKKSEncoder(set.context));
        const plaintext = scope(seal.PlainText());
        const slots = shown.slice(4096 * index, 4096 * (index + 1));
        encoder.encode(slots, 2 * 2 ** parameters.scaleBits, plaintext);
        const encoded = plaintext.saveArray(seal.ComprModeType.none);
        return {
          c0: residues(bytes, ciphertextHeader, degree),
          c1: residues(bytes, ciphertextHeader + polynomial, degree),
          twiceReal: residues(encoded, plaintextHeader, degree),
        };
      });
    return keyFromTwoDecryptions(observe(0), observe(1), prime);
  };
  const truth = residues(keys.secretKey, plaintextHeader, degree);
  expect(agreement(recover(decrypted.values), truth)).toBe(1);
  expect(agreement(recover(decrypted.values.map(Math.fround)), truth)).toBeLessThan(0.01);
  const flooded = decrypted.values.map((value) => value + (2 * random.uniform() - 1) * 2 ** -20);
  expect(agreement(recover(flooded), truth)).toBeLessThan(0.01);
});

/** Two aggregates under one joint key, and client 0's shares of them. */
async function twoShares(ring: GroupKeyRing) {
  const observe = async (seed: number) => {
    const random = randomStream(seed, 'model');
    const values = Float32Array.from({ length: 4096 }, () => random.normal());
    const upload = await ring.encryptor(0, [0, 1]).encrypt(values, 1);
    const aggregate: EncryptedVector = await ring.aggregator().weightedSum([upload], [1]);
    const { payloads } = await ring.shareHolder(0).share(aggregate, [0, 1]);
    const ciphertext = aggregate.ciphertexts[0] as Uint8Array;
    return {
      aggregate,
      values,
      c1: residues(ciphertext, ciphertextHeader + 2 * 8 * degree, degree),
      partial: residues(payloads[0] as Uint8Array, 0, degree),
    };
  };
  return { first: await observe(1), second: await observe(2) };
}

it.each([
  ['an unflooded', 'gives away', false, 1],
  ['a flooded', 'hides', true, 0],
] as const)('%s partial decryption %s the key', async (_, _does, flooding, share) => {
  const ring = await openGroupKeyRing(
    'joint',
    'ckks-threshold',
    flooding ? { clients: 2 } : { clients: 2, flooding },
  );
  const { first, second } = await twoShares(ring);
  const parameters = sealParameters('ckks-threshold');
  const prime = openContext(await loadSeal(), parameters, defaultOptions).keyPrimes[0] as bigint;
  const key = keyFromExactPartial(first.partial, first.c1, prime);
  // Whoever has the key can compute the client's share of any other ciphertext.
  const predicted = second.c1.map((value, at) => (value * (key[at] as bigint)) % prime);
  expect(agreement(predicted, second.partial)).toBeCloseTo(share, 2);
  await ring.close();
});
