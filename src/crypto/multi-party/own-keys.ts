import { randomBytes } from 'node:crypto';
import type { KeyRingOptions } from '../key-ring.ts';
import { parameterSet } from '../parameter-sets.ts';
import { CipherAggregator, countCalls, KeyEncryptor } from '../roles.ts';
import type {
  EncryptedVector,
  Encryptor,
  GroupKeyRing,
  ParameterSet,
  ParameterSetId,
  ShareHolder,
} from '../scheme.ts';
import { defaultOptions, withOptions } from '../scheme-options.ts';
import { checkAggregate } from '../vector-checks.ts';
import type { Executor } from '../work/executor.ts';
import { openExecutor } from '../work/open-executor.ts';
import type { KeyMaterial } from '../work/operations.ts';
import { commonRandomPolynomial } from './common-random.ts';
import { PartialMerger } from './joint-keys.ts';
import { limbBytes } from './limbs.ts';

/**
 * INSECURE: MASER's released code. Clients make the parts b_i of a joint key for a common random a, but
 * then each encrypts under its own (b_i, a), and returns c_1·s_i of its own upload, without noise. The
 * sum opens, Σ c_0 + Σ c_1·s_i, and so does every single upload: the server holds c_0 and c_1·s_i of
 * each client, and c_1·s_i beside c_1 gives away s_i.
 *
 * @throws {RangeError} a set other than `ckks-threshold`.
 */
export async function openOwnKeyRing(
  id: ParameterSetId,
  { clients, workers = 1, ...choices }: KeyRingOptions,
): Promise<GroupKeyRing> {
  if (id !== 'ckks-threshold')
    throw new RangeError(`The key setup "own-key" needs the set ckks-threshold, not "${id}".`);
  const options = { ...defaultOptions, ...choices };
  const set = withOptions(parameterSet(id), options);
  const executor = openExecutor({ parameterSet: set.id, options }, workers);
  const { degree, keyPrimes } = await executor.submit('primes', [], () => ({}));
  const ring = { degree, primes: keyPrimes };
  const commonRandom = commonRandomPolynomial(randomBytes(32), ring);
  const nextCall = countCalls();
  const owners = await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const { secretKey } = await executor.submit('generateKeys', [], () => ({}));
      const { share } = await executor.submit('publicShare', [], () => ({
        secretKey: secretKey.slice(),
        commonRandom: commonRandom.slice(),
      }));
      const { publicKey } = await executor.submit('joinPublicKey', [], () => ({
        shares: [share],
        commonRandom: commonRandom.slice(),
      }));
      const keys = {
        public: { id: 2 * client, kind: 'public', bytes: publicKey } as const,
        secret: { id: 2 * client + 1, kind: 'secret', bytes: secretKey } as const,
      };
      const encryptor = new KeyEncryptor(executor, set, keys.public, client, nextCall);
      return new Owner(executor, set, client, keys, encryptor);
    }),
  );
  const ownerOf = (client: number): Owner => {
    const owner = owners[client];
    if (!owner) throw new RangeError(`There is no client ${client} among ${clients}.`);
    return owner;
  };
  const anyKey = ownerOf(0).keys.public;
  return {
    keySetup: 'own-key',
    parameterSet: set,
    keyBytes: {
      perClient: limbBytes(ring) + anyKey.bytes.length,
      server: clients * limbBytes(ring),
    },
    encryptor: ownerOf,
    aggregator: () => new CipherAggregator(executor, set, anyKey),
    shareHolder: ownerOf,
    merger: () => new PartialMerger({ executor, set, clients, threshold: 1 }),
    close: () => executor.close(),
  };
}

/** A client with its own key pair. It opens nothing but what it encrypted last. */
class Owner implements Encryptor, ShareHolder {
  readonly keys: { readonly public: KeyMaterial; readonly secret: KeyMaterial };
  readonly #executor: Executor;
  readonly #set: ParameterSet;
  readonly #client: number;
  readonly #encryptor: Encryptor;
  #upload?: EncryptedVector;

  constructor(
    executor: Executor,
    set: ParameterSet,
    client: number,
    keys: Owner['keys'],
    encryptor: Encryptor,
  ) {
    this.#executor = executor;
    this.#set = set;
    this.#client = client;
    this.keys = keys;
    this.#encryptor = encryptor;
  }

  async encrypt(values: Float32Array, weight?: number): Promise<EncryptedVector> {
    this.#upload = await this.#encryptor.encrypt(values, weight);
    return this.#upload;
  }

  async share(aggregate: EncryptedVector, openers: readonly number[]) {
    checkAggregate(aggregate, this.#set);
    if (this.#upload?.length !== aggregate.length)
      throw new RangeError(`Client ${this.#client} has no upload in this aggregate.`);
    const { secret } = this.keys;
    const { ciphertexts } = this.#upload;
    const { partials } = await this.#executor.submit('partialDecrypt', [secret], () => ({
      key: secret.id,
      ciphertexts: ciphertexts.map((bytes) => bytes.slice()),
      first: 0,
      floodingBits: null,
    }));
    return { client: this.#client, openers: [...openers], payloads: partials };
  }
}
