import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonRandomPolynomial } from '../../../src/crypto/multi-party/common-random.ts';
import { CiphertextError, type ParameterSetId } from '../../../src/crypto/scheme.ts';
import { defaultOptions, type SchemeOptions } from '../../../src/crypto/scheme-options.ts';
import { InlineExecutor } from '../../../src/crypto/work/inline-executor.ts';
import type { KeyMaterial } from '../../../src/crypto/work/operations.ts';
import { type RandomStream, randomStream } from '../../../src/engine/random.ts';

/** Flips, cuts and overwrites, at random places of a byte string whose header ends at `header`. */
function mutate(bytes: Uint8Array, header: number, random: RandomStream): Uint8Array {
  const copy = bytes.slice();
  const body = bytes.length - header;
  switch (random.integer(6)) {
    case 0:
      return bytes.slice(0, random.integer(bytes.length));
    case 1: {
      const longer = new Uint8Array(bytes.length + 1 + random.integer(5000));
      longer.set(bytes);
      return longer;
    }
    case 2: {
      const at = random.integer(Math.max(1, header));
      copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(8));
      return copy;
    }
    case 3: {
      const at = header + 8 * random.integer(Math.floor(body / 8) - 1);
      return copy.fill(255, at, at + 8);
    }
    case 4: {
      const at = header + random.integer(body);
      return copy.fill(random.integer(256), at, at + random.integer(body));
    }
    default: {
      const at = header + random.integer(body);
      copy[at] = random.integer(256);
      return copy;
    }
  }
}

/** A federation of one on the calling thread, where a crash would be the test's own. */
class Bench {
  readonly executor: InlineExecutor;
  publicKey: KeyMaterial = { id: 0, kind: 'public', bytes: new Uint8Array(0) };
  secretKey: KeyMaterial = { id: 1, kind: 'secret', bytes: new Uint8Array(0) };
  upload: Uint8Array = new Uint8Array(0);
  aggregate: Uint8Array = new Uint8Array(0);
  readonly #seeded: boolean;

  constructor(parameterSet: ParameterSetId, options: Partial<SchemeOptions> = {}) {
    this.#seeded = options.uploads === 'seeded';
    this.executor = new InlineExecutor({
      parameterSet,
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
    const values = Float32Array.of(0.5, -0.25);
    const { ciphertexts } = await this.executor.submit('encrypt', [key], () => ({
      key: key.id,
      values,
      weight: 1,
      stream: [],
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

  async decrypt(aggregate: Uint8Array, key = this.secretKey): Promise<Float64Array> {
    const { values } = await this.executor.submit('decrypt', [key], () => ({
      key: key.id,
      ciphertexts: [aggregate],
      kind: 'aggregate',
      weight: 1,
      length: 2,
      first: 0,
    }));
    return values;
  }

  /**
   * Feeds 500 mutations to `use`: each is refused by a check or is a ciphertext that SEAL takes
   * without an exception; afterwards the same SEAL instance still works.
   */
  async survives(
    bytes: Uint8Array,
    header: number,
    use: (mutated: Uint8Array, at: number) => Promise<unknown>,
  ): Promise<void> {
    const random = randomStream(17, 'fuzz', bytes.length);
    let refused = 0;
    for (let at = 0; at < 500; at++) {
      const outcome = await use(mutate(bytes, header, random), at).catch((error: unknown) => error);
      if (outcome instanceof CiphertextError) refused++;
      else if (outcome instanceof Error) throw outcome;
    }
    expect(refused).toBeGreaterThan(250);
    const values = await this.decrypt(await this.sum(this.upload));
    expect(values[0]).toBeCloseTo(this.additive ? 1 : 0.5, 4);
    expect(values[1]).toBeCloseTo(this.additive ? -0.5 : -0.25, 4);
  }

  /** Sets whose server ignores weights add the two uploads. */
  additive = false;
}

describe('500 mutations of', () => {
  const tenseal = new Bench('ckks-tenseal');
  const seeded = new Bench('ckks-tenseal', { uploads: 'seeded' });
  const maskcrypt = new Bench('bfv-maskcrypt');
  const joint = new Bench('ckks-threshold');
  joint.additive = true;
  const benches = [tenseal, seeded, maskcrypt, joint];
  beforeAll(() => Promise.all(benches.map((bench) => bench.prepare())));
  afterAll(() => Promise.all(benches.map(({ executor }) => executor.close())));

  it('a CKKS upload', () => tenseal.survives(tenseal.upload, 113, (bytes) => tenseal.sum(bytes)));
  it('a seeded upload', () => seeded.survives(seeded.upload, 113, (bytes) => seeded.sum(bytes)));
  it('a BFV upload', () =>
    maskcrypt.survives(maskcrypt.upload, 113, (bytes) => maskcrypt.sum(bytes)));
  it('an aggregate', () =>
    tenseal.survives(tenseal.aggregate, 113, (bytes) => tenseal.decrypt(bytes)));
  it('a public key', () =>
    tenseal.survives(tenseal.publicKey.bytes, 113, (bytes, at) =>
      tenseal.encrypt({ id: 1000 + at, kind: 'public', bytes }),
    ));
  it('a secret key', () =>
    tenseal.survives(tenseal.secretKey.bytes, 88, (bytes, at) =>
      tenseal.decrypt(tenseal.aggregate, { id: 2000 + at, kind: 'secret', bytes }),
    ));

  it('a public share', async () => {
    const { degree, keyPrimes } = await joint.executor.submit('primes', [], () => ({}));
    const ring = { degree, primes: keyPrimes };
    const commonRandom = commonRandomPolynomial(Uint8Array.of(1), ring);
    const { share } = await joint.executor.submit('publicShare', [], () => ({
      secretKey: joint.secretKey.bytes,
      commonRandom,
    }));
    await joint.survives(share, 0, (bytes) =>
      joint.executor.submit('joinPublicKey', [], () => ({ shares: [share, bytes], commonRandom })),
    );
  });

  it('a partial decryption', async () => {
    const { partials } = await joint.executor.submit('partialDecrypt', [joint.secretKey], () => ({
      key: joint.secretKey.id,
      ciphertexts: [joint.aggregate],
      first: 0,
      floodingBits: 66,
    }));
    await joint.survives(partials[0] as Uint8Array, 0, (bytes) =>
      joint.executor.submit('merge', [], () => ({
        ciphertexts: [joint.aggregate],
        partials: [[bytes]],
        clients: [0],
        weight: 1,
        length: 2,
        first: 0,
      })),
    );
  });

  it('nothing: ciphertexts of other parameters are refused as well', async () => {
    for (const other of [seeded, maskcrypt, joint])
      await expect(tenseal.sum(other.upload)).rejects.toThrow(CiphertextError);
    await expect(tenseal.sum(tenseal.aggregate)).rejects.toThrow('length');
    await expect(tenseal.decrypt(tenseal.upload)).rejects.toThrow('length');
    const foreign = { id: 5, kind: 'public' as const, bytes: joint.publicKey.bytes };
    await expect(tenseal.encrypt(foreign)).rejects.toThrow('public key: length');
  });
});
