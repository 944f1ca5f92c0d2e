import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parameterSet } from '../../../src/crypto/parameter-sets.ts';
import { CipherAggregator, KeyDecryptor, KeyEncryptor } from '../../../src/crypto/roles.ts';
import type { EncryptedVector } from '../../../src/crypto/scheme.ts';
import { defaultOptions } from '../../../src/crypto/scheme-options.ts';
import { InlineExecutor } from '../../../src/crypto/work/inline-executor.ts';
import { EngineFailure, type KeyMaterial } from '../../../src/crypto/work/operations.ts';
import { WorkerPool } from '../../../src/crypto/work/pool.ts';

const set = parameterSet('ckks-tenseal');
const setup = { parameterSet: set.id, options: defaultOptions };
const executors = {
  inline: new InlineExecutor(setup),
  'one worker': new WorkerPool(setup, 1),
  'two workers': new WorkerPool(setup, 2),
};

/** Typed arrays of this size take seconds to compare item by item. */
function digest(parts: readonly (Uint8Array | Float64Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

let publicKey: KeyMaterial;
let secretKey: KeyMaterial;
let uploads: EncryptedVector[];
const weights = [0.25, 0.75];

beforeAll(async () => {
  const keys = await executors.inline.submit('generateKeys', [], () => ({}));
  publicKey = { id: 1, kind: 'public', bytes: keys.publicKey };
  secretKey = { id: 2, kind: 'secret', bytes: keys.secretKey };
  const encryptor = new KeyEncryptor(executors['two workers'], set, publicKey, 0, () => 0);
  const model = Float32Array.from({ length: 10 * 4096 + 17 }, (_, at) => Math.cos(at));
  uploads = [await encryptor.encrypt(model), await encryptor.encrypt(model.map((x) => x / 2))];
});

afterAll(() => Promise.all(Object.values(executors).map((executor) => executor.close())));

it('sums and decrypts to the same bytes wherever it runs', async () => {
  const results = await Promise.all(
    Object.values(executors).map(async (executor) => {
      const sum = await new CipherAggregator(executor, set, publicKey).weightedSum(
        uploads,
        weights,
      );
      const values = await new KeyDecryptor(executor, set, secretKey).decrypt(sum);
      return { sum, values };
    }),
  );
  const digests = results.map(({ sum, values }) => digest([...sum.ciphertexts, values]));
  expect(new Set(digests).size).toBe(1);
  expect(results[0]?.values[10]).toBeCloseTo(0.625 * Math.cos(10), 6);
});

describe.each(Object.entries(executors))('%s', (_, executor) => {
  it('is replaced after SEAL threw, and what waited is still done', async () => {
    const upload = uploads[0]?.ciphertexts[10] ?? new Uint8Array(0);
    const decrypt = (key: KeyMaterial, keys = [key]) =>
      executor.submit('decrypt', keys, () => ({
        key: key.id,
        ciphertexts: [upload.slice()],
        kind: 'upload',
        weight: 1,
        length: 17,
        first: 10,
      }));
    const attempts = await Promise.allSettled([
      decrypt({ ...secretKey, id: 99 }, []),
      decrypt(secretKey),
      decrypt({ ...secretKey, id: 99 }, []),
      decrypt(secretKey),
      decrypt(secretKey),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(EngineFailure);
      else expect(attempt.value.values[0]).toBeCloseTo(Math.cos(40_960), 6);
    }
  });
});

it('takes the input of two tasks per worker at a time, so that a long queue holds no copies', async () => {
  const pool = new WorkerPool(setup, 2);
  let taken = 0;
  const results = Array.from({ length: 7 }, () =>
    pool.submit('generateKeys', [], () => {
      taken++;
      return {};
    }),
  );
  expect(taken).toBe(4);
  await Promise.all(results);
  expect(taken).toBe(7);
  await pool.close();
});

it('ends what is running when a pool is closed', async () => {
  const pool = new WorkerPool(setup, 1);
  const pending = Promise.allSettled(
    [1, 2, 3].map(() => pool.submit('generateKeys', [], () => ({}))),
  );
  await pool.close();
  for (const each of await pending) expect(each.status).toBe('rejected');
  await expect(pool.submit('generateKeys', [], () => ({}))).rejects.toThrow('closed');
});

it('does nothing more on the calling thread once closed', async () => {
  const executor = new InlineExecutor(setup);
  await executor.close();
  await expect(executor.submit('generateKeys', [], () => ({}))).rejects.toThrow('closed');
});
