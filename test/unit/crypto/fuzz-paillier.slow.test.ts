import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultOptions } from '../../../src/crypto/scheme-options.ts';
import { InlineExecutor } from '../../../src/crypto/work/inline-executor.ts';
import type { KeyMaterial } from '../../../src/crypto/work/operations.ts';
import { mutateBytes, survive } from './mutations.ts';

describe('500 mutations of paillier-3072', () => {
  const executor = new InlineExecutor({ parameterSet: 'paillier-3072', options: defaultOptions });
  let publicKey: KeyMaterial;
  let secretKey: KeyMaterial;
  let upload: Uint8Array;
  beforeAll(async () => {
    const keys = await executor.submit('generateKeys', [], () => ({}));
    publicKey = { id: 0, kind: 'public', bytes: keys.publicKey };
    secretKey = { id: 1, kind: 'secret', bytes: keys.secretKey };
    const { ciphertexts } = await executor.submit('encrypt', [publicKey], () => ({
      key: 0,
      values: Float32Array.of(0.5),
      weight: 1,
      stream: [],
      first: 0,
    }));
    upload = ciphertexts[0] as Uint8Array;
  });
  afterAll(async () => {
    expect((await decrypt(await sum([upload, upload]), secretKey))[0]).toBeCloseTo(0.5, 8);
    await executor.close();
  });

  const sum = async (column: Uint8Array[], key = publicKey) => {
    const { ciphertexts } = await executor.submit('weightedSum', [key], () => ({
      key: key.id,
      columns: column.length > 0 ? [column] : [],
      vectors: [0, 1],
      weights: [0.5, 0.5],
      firstColumn: 0,
    }));
    return ciphertexts[0] as Uint8Array;
  };
  const decrypt = async (aggregate: Uint8Array | null, key: KeyMaterial) => {
    const { values } = await executor.submit('decrypt', [key], () => ({
      key: key.id,
      ciphertexts: aggregate ? [aggregate] : [],
      kind: 'aggregate',
      weight: 1,
      length: aggregate ? 1 : 0,
      first: 0,
    }));
    return values;
  };
  const mutations = (bytes: Uint8Array) => (random: Parameters<typeof mutateBytes>[2]) =>
    mutateBytes(bytes, 8, random);

  it('uploads', () =>
    survive(
      'upload',
      (random) => mutations(upload)(random),
      (bytes) => sum([upload, bytes]),
      100,
    ));
  it('aggregates', { timeout: 600_000 }, async () => {
    const aggregate = await sum([upload, upload]);
    await survive('aggregate', mutations(aggregate), (bytes) => decrypt(bytes, secretKey), 100);
  });
  it('public keys', () =>
    survive(
      'public key',
      (random) => mutations(publicKey.bytes)(random),
      (bytes, at) => sum([], { id: 1000 + at, kind: 'public', bytes }),
      100,
    ));
  it('secret keys', () =>
    survive(
      'secret key',
      (random) => mutations(secretKey.bytes)(random),
      (bytes, at) => decrypt(null, { id: 2000 + at, kind: 'secret', bytes }),
      450,
    ));
});
