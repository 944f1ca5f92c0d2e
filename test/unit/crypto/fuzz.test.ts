import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonRandomPolynomial } from '../../../src/crypto/multi-party/common-random.ts';
import { parameterSet } from '../../../src/crypto/parameter-sets.ts';
import { CiphertextError, type ParameterSetId } from '../../../src/crypto/scheme.ts';
import { defaultOptions, type SchemeOptions } from '../../../src/crypto/scheme-options.ts';
import { InlineExecutor } from '../../../src/crypto/work/inline-executor.ts';
import type { KeyMaterial } from '../../../src/crypto/work/operations.ts';
import { mutateBytes, survive } from './mutations.ts';

/** A federation of one on the calling thread, where a crash would be the test's own. */
class Bench {
  readonly name: string;
  readonly executor: InlineExecutor;
  publicKey: KeyMaterial = { id: 0, kind: 'public', bytes: new Uint8Array(0) };
  secretKey: KeyMaterial = { id: 1, kind: 'secret', bytes: new Uint8Array(0) };
  upload: Uint8Array = new Uint8Array(0);
  aggregate: Uint8Array = new Uint8Array(0);
  readonly #set: ParameterSetId;
  readonly #seeded: boolean;

  constructor(set: ParameterSetId, options: Partial<SchemeOptions> = {}) {
    this.name = [set, ...Object.values(options)].join(' ');
    this.#set = set;
    this.#seeded = options.uploads === 'seeded';
    this.executor = new InlineExecutor({
      parameterSet: set,
      options: { ...defaultOptions, ...options },
    });
  }

  async prepare(): Promise<void> {
    const keys = await this.executor.submit('generateKeys', [], () => ({}));
    this.publicKey = { ...this.publicKey, bytes: keys.publicKey };
    this.secretKey = { ...this.secretKey, bytes: keys.secretKey };
    this.upload = await this.encrypt(this.#seeded ? this.secretKey : this.publicKey);
    this.aggregate = await this.sum(this.upload);
  }

  async encrypt(key: KeyMaterial): Promise<Uint8Array> {
    const weight = parameterSet(this.#set).weighting === 'client' ? 0.5 : 1;
    const { ciphertexts } = await this.executor.submit('encrypt', [key], () => ({
      key: key.id,
      values: Float32Array.of(0.5, -0.25),
      weight,
      stream: [],
      first: 0,
    }));
    return ciphertexts[0] as Uint8Array;
  }

  async sum(upload: Uint8Array): Promise<Uint8Array> {
    const { ciphertexts } = await this.executor.submit('weightedSum', [this.publicKey], () => ({
      key: this.publicKey.id,
      columns: [[upload, this.upload]],
      vectors: [0, 1],
      weights: [0.5, 0.5],
      firstColumn: 0,
    }));
    return ciphertexts[0] as Uint8Array;
  }

  async decrypt(bytes: Uint8Array, key = this.secretKey): Promise<Float64Array> {
    const { values } = await this.executor.submit('decrypt', [key], () => ({
      key: key.id,
      ciphertexts: [bytes],
      kind: 'aggregate',
      weight: 1,
      length: 2,
      first: 0,
    }));
    return values;
  }

  /** Feeds mutations of `bytes`; afterwards the same SEAL instance still gives the right mean. */
  async survives(
    kind: string,
    bytes: Uint8Array,
    header: number,
    use: (mutated: Uint8Array, at: number) => Promise<unknown>,
  ): Promise<void> {
    await survive(`${this.name} ${kind}`, (random) => mutateBytes(bytes, header, random), use);
    const values = await this.decrypt(await this.sum(this.upload));
    expect(values[0]).toBeCloseTo(0.5, 4);
    expect(values[1]).toBeCloseTo(-0.25, 4);
  }
}

const tenseal = new Bench('ckks-tenseal');
const joint = new Bench('ckks-threshold');
const unseeded = [
  tenseal,
  new Bench('ckks-fedmlhe'),
  new Bench('ckks-add'),
  joint,
  new Bench('bfv-maskcrypt'),
  new Bench('bfv-pack23'),
];
const seeded = [
  new Bench('ckks-tenseal', { uploads: 'seeded' }),
  new Bench('bfv-pack23', { uploads: 'seeded' }),
];
const named = (benches: Bench[]) => benches.map((bench) => [bench.name, bench] as const);

beforeAll(async () => {
  for (const bench of [...unseeded, ...seeded]) await bench.prepare();
});
afterAll(() => Promise.all([...unseeded, ...seeded].map(({ executor }) => executor.close())));

describe.each(named([...unseeded, ...seeded]))('500 mutations of %s', (_, bench) => {
  it('uploads', () => bench.survives('upload', bench.upload, 113, (bytes) => bench.sum(bytes)));
});

describe.each(named(unseeded))('500 mutations of %s', (_, bench) => {
  it('aggregates', () =>
    bench.survives('aggregate', bench.aggregate, 113, (bytes) => bench.decrypt(bytes)));
  it('public keys', () =>
    bench.survives('public key', bench.publicKey.bytes, 113, (bytes, at) =>
      bench.encrypt({ id: 1000 + at, kind: 'public', bytes }),
    ));
  it('secret keys', () =>
    bench.survives('secret key', bench.secretKey.bytes, 88, (bytes, at) =>
      bench.decrypt(bench.aggregate, { id: 2000 + at, kind: 'secret', bytes }),
    ));
});

describe('500 mutations of several parties’', () => {
  it('public shares', async () => {
    const { degree, keyPrimes } = await joint.executor.submit('primes', [], () => ({}));
    const commonRandom = commonRandomPolynomial(Uint8Array.of(1), { degree, primes: keyPrimes });
    const { share } = await joint.executor.submit('publicShare', [], () => ({
      secretKey: joint.secretKey.bytes,
      commonRandom,
    }));
    await joint.survives('public share', share, 0, (bytes) =>
      joint.executor.submit('joinPublicKey', [], () => ({ shares: [share, bytes], commonRandom })),
    );
  });

  const partialOf = async (bytes: Uint8Array) => {
    const { partials } = await joint.executor.submit('partialDecrypt', [joint.secretKey], () => ({
      key: joint.secretKey.id,
      ciphertexts: [bytes],
      first: 0,
      floodingBits: 66,
    }));
    return partials[0] as Uint8Array;
  };
  const merge = (aggregate: Uint8Array, partial: Uint8Array) =>
    joint.executor.submit('merge', [], () => ({
      ciphertexts: [aggregate],
      partials: [[partial]],
      clients: [0],
      weight: 1,
      length: 2,
      first: 0,
    }));

  it('aggregates to decrypt partially', () =>
    joint.survives('partially', joint.aggregate, 113, (bytes) => partialOf(bytes)));

  it('partial decryptions', async () => {
    const partial = await partialOf(joint.aggregate);
    await joint.survives('partial', partial, 0, (bytes) => merge(joint.aggregate, bytes));
  });

  it('aggregates to merge into', async () => {
    const partial = await partialOf(joint.aggregate);
    await joint.survives('merged', joint.aggregate, 113, (bytes) => merge(bytes, partial));
  });
});

describe('bytes of other parameters', () => {
  const all = [...unseeded, ...seeded];
  const pairs = all.flatMap((bench) =>
    all.filter((other) => other !== bench).map((other) => [bench.name, other.name, bench, other]),
  ) as [string, string, Bench, Bench][];

  it.each(pairs)('are refused by %s from %s', async (_, __, bench, other) => {
    await expect(bench.sum(other.upload)).rejects.toThrow(CiphertextError);
    const sameSet =
      bench.aggregate.length === other.aggregate.length &&
      bench.name.split(' ')[0] === other.name.split(' ')[0];
    if (sameSet) return;
    await expect(bench.decrypt(other.aggregate)).rejects.toThrow(CiphertextError);
    for (const kind of ['public', 'secret'] as const) {
      const { bytes } = kind === 'public' ? other.publicKey : other.secretKey;
      const foreign = { id: 5, kind, bytes };
      const use =
        kind === 'public' ? bench.encrypt(foreign) : bench.decrypt(bench.aggregate, foreign);
      await expect(use).rejects.toThrow(CiphertextError);
    }
  });

  it('uploads and aggregates are not taken for each other', async () => {
    await expect(tenseal.sum(tenseal.aggregate)).rejects.toThrow('length');
    await expect(tenseal.decrypt(tenseal.upload)).rejects.toThrow('length');
  });
});
