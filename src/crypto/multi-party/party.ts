import { createHash } from 'node:crypto';
import {
  type DecryptionShare,
  type EncryptedVector,
  type ParameterSet,
  RepeatedDecryption,
  type ShareHolder,
} from '../scheme.ts';
import { checkAggregate } from '../vector-checks.ts';
import type { Executor } from '../work/executor.ts';
import type { KeyMaterial } from '../work/operations.ts';
import { addLimbs, type LimbRing, type Limbs, limbBytes } from './limbs.ts';
import { splitSecret, weightShare } from './shamir.ts';

/** What all parties know. */
export interface PartySetup {
  readonly executor: Executor;
  readonly set: ParameterSet;
  /** Over all primes of the keys. */
  readonly keyRing: LimbRing;
  /** Over the primes of an aggregate: the first ones of the keys. */
  readonly dataRing: LimbRing;
  readonly clients: number;
  /** t of a t-of-n key; n where all must take part. */
  readonly threshold: number;
  /** B: noise uniform in [-2^B, 2^B); null adds none. */
  readonly floodingBits: number | null;
  /** A number no other key of these executors has. */
  nextKeyId(): number;
}

/** Bytes before the coefficients of a serialised SEAL secret key. */
const secretKeyHeader = 88;
/** Bytes before the coefficients of a serialised SEAL ciphertext. */
const ciphertextHeader = 113;

/** One client with its part of the joint secret, which never leaves this object but as shares. */
export class Party implements ShareHolder {
  readonly #setup: PartySetup;
  readonly #client: number;
  readonly #secretKey: Uint8Array;
  /** Sum of the Shamir shares that all parties dealt to this one. */
  #shamirShare: Limbs | undefined;
  readonly #keys = new Map<string, KeyMaterial>();
  /** Hashes of what this party has already helped to open. */
  readonly #opened = new Set<string>();

  private constructor(setup: PartySetup, client: number, secretKey: Uint8Array) {
    this.#setup = setup;
    this.#client = client;
    this.#secretKey = secretKey;
  }

  static async generate(setup: PartySetup, client: number): Promise<Party> {
    const { secretKey } = await setup.executor.submit('generateKeys', [], () => ({}));
    return new Party(setup, client, secretKey);
  }

  /** b_i = e_i - s_i · a. */
  async publicShare(commonRandom: Limbs): Promise<Limbs> {
    const { share } = await this.#setup.executor.submit('publicShare', [], () => ({
      secretKey: this.#secretKey,
      commonRandom,
    }));
    return share;
  }

  /** Splits its own secret for all parties, t-of-n: item j is for client j alone. */
  deal(): Limbs[] {
    const { dataRing, threshold, clients } = this.#setup;
    const end = secretKeyHeader + limbBytes(dataRing);
    const secret = this.#secretKey.slice(secretKeyHeader, end);
    return splitSecret(secret, dataRing, threshold, clients);
  }

  /** Takes what all parties dealt to this one. */
  receive(shares: readonly Limbs[]): void {
    const { dataRing } = this.#setup;
    this.#shamirShare = shares.reduce((sum, share) => addLimbs(sum, share, dataRing));
  }

  async share(aggregate: EncryptedVector, openers: readonly number[]): Promise<DecryptionShare> {
    const { executor, set, floodingBits } = this.#setup;
    checkAggregate(aggregate, set);
    const key = this.#keyFor(openers);
    const hashes = aggregate.ciphertexts.map((bytes) => this.#hash(bytes));
    const repeated = hashes.findIndex(
      (hash, at) => this.#opened.has(hash) || hashes.indexOf(hash) < at,
    );
    if (repeated !== -1)
      throw new RepeatedDecryption(
        `Client ${this.#client} has already given a partial decryption of ciphertext ${repeated}; a second one would weaken the noise that protects its key.`,
      );
    for (const hash of hashes) this.#opened.add(hash);
    const parts = await Promise.all(
      aggregate.ciphertexts.map((bytes, first) =>
        executor.submit('partialDecrypt', [key], () => ({
          key: key.id,
          ciphertexts: [bytes],
          first,
          floodingBits,
        })),
      ),
    );
    const payloads = parts.flatMap(({ partials }) => partials);
    return { client: this.#client, openers: [...openers], payloads };
  }

  /** The key with which this party's partial decryption adds up with those of the other openers. */
  #keyFor(openers: readonly number[]): KeyMaterial {
    checkOpeners(openers, this.#setup);
    if (!openers.includes(this.#client))
      throw new RangeError(`Client ${this.#client} is not among those who open the aggregate.`);
    const name = [...openers].sort((a, b) => a - b).join(' ');
    const known = this.#keys.get(name);
    if (known) return known;
    const bytes = this.#secretKey.slice();
    if (this.#shamirShare) {
      const { dataRing } = this.#setup;
      const weighted = weightShare(this.#shamirShare, dataRing, this.#client, openers);
      // Decryption reads the primes of the aggregate only; the special prime's part stays unused.
      bytes.fill(0, secretKeyHeader);
      bytes.set(weighted, secretKeyHeader);
    }
    const key: KeyMaterial = { id: this.#setup.nextKeyId(), kind: 'secret', bytes };
    this.#keys.set(name, key);
    return key;
  }

  /** Names a ciphertext by what the partial decryption is made from: its second polynomial. */
  #hash(ciphertext: Uint8Array): string {
    const second = ciphertext.subarray(ciphertextHeader + limbBytes(this.#setup.dataRing));
    return createHash('sha256').update(second).digest('base64');
  }
}

/** @throws {RangeError} openers that are unknown, repeated or not the number needed. */
export function checkOpeners(
  openers: readonly number[],
  { clients, threshold }: Pick<PartySetup, 'clients' | 'threshold'>,
): void {
  const unknown = openers.find(
    (client) => !(Number.isInteger(client) && client >= 0 && client < clients),
  );
  if (unknown !== undefined)
    throw new RangeError(`There is no client ${unknown} among ${clients}.`);
  if (new Set(openers).size !== openers.length)
    throw new RangeError(`A client is named twice among the openers ${openers.join(', ')}.`);
  if (openers.length < threshold)
    throw new RangeError(
      `${openers.length} clients cannot open the aggregate: ${threshold} of ${clients} are needed.`,
    );
}
