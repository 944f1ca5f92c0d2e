import { randomStream } from '../../engine/random.ts';
import { addLimbs, checkLimbs } from '../multi-party/limbs.ts';
import { CiphertextError, type ParameterSetId } from '../scheme.ts';
import type { SchemeOptions } from '../scheme-options.ts';
import {
  type CipherEngine,
  EngineFailure,
  type Input,
  type KeyMaterial,
  type Operation,
  type Output,
} from '../work/operations.ts';
import { withHeader } from './bytes.ts';
import { openContext, type SealContext } from './context.ts';
import {
  type Decryptor,
  type Encryptor,
  loadSeal,
  type PlainText,
  type Scope,
  type Seal,
  withSeal,
} from './library.ts';
import { SealMultiParty } from './multi-party.ts';
import { sealParameters } from './seal-parameters.ts';
import { checkCiphertext, checkSecretKey } from './wire.ts';

type Handlers = { [O in Operation]: (input: Input<O>, scope: Scope) => Output<O> };

/** One SEAL instance with one parameter set and the keys it was given. */
export class SealEngine implements CipherEngine {
  readonly #seal: Seal;
  readonly #set: SealContext;
  readonly #options: SchemeOptions;
  readonly #encryptors = new Map<number, Encryptor>();
  readonly #decryptors = new Map<number, Decryptor>();
  /** Weights of the latest sum: the chunks of one aggregation have the same ones. */
  readonly #factors = new Map<number, PlainText>();

  private constructor(seal: Seal, set: SealContext, options: SchemeOptions) {
    this.#seal = seal;
    this.#set = set;
    this.#options = options;
  }

  static async open(parameterSet: ParameterSetId, options: SchemeOptions): Promise<SealEngine> {
    const seal = await loadSeal();
    const set = openContext(seal, sealParameters(parameterSet), options);
    return new SealEngine(seal, set, options);
  }

  execute<O extends Operation>(operation: O, input: Input<O>): Output<O> {
    const handle: Handlers[O] = this.#handlers[operation];
    try {
      return withSeal((scope) => handle(input, scope));
    } catch (error) {
      if (error instanceof CiphertextError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineFailure(`SEAL failed to ${operation}: ${reason}`, { cause: error });
    }
  }

  addKey(key: KeyMaterial): void {
    if (this.#encryptors.has(key.id)) return;
    const { context, parameters, keyPrimes, publicKey: form, secretKeyHeader } = this.#set;
    if (key.kind === 'public') checkCiphertext(key.bytes, form, 'public key');
    else
      checkSecretKey(key.bytes, secretKeyHeader, {
        degree: parameters.degree,
        primes: keyPrimes,
      });
    try {
      withSeal((scope) => {
        if (key.kind === 'public') {
          const publicKey = scope(this.#seal.PublicKey());
          publicKey.loadArray(context, key.bytes);
          this.#encryptors.set(key.id, this.#seal.Encryptor(context, publicKey));
        } else {
          const secretKey = scope(this.#seal.SecretKey());
          secretKey.loadArray(context, key.bytes);
          this.#decryptors.set(key.id, this.#seal.Decryptor(context, secretKey));
          // Seeded uploads are encrypted with the secret key; SEAL wants a public one beside it.
          const generator = scope(this.#seal.KeyGenerator(context, secretKey));
          const publicKey = scope(generator.createPublicKey());
          this.#encryptors.set(key.id, this.#seal.Encryptor(context, publicKey, secretKey));
        }
      });
    } catch (error) {
      throw new EngineFailure(`SEAL failed to load a ${key.kind} key.`, { cause: error });
    }
  }

  readonly #handlers: Handlers = {
    generateKeys: (_, scope) => {
      const { none } = this.#seal.ComprModeType;
      const generator = scope(this.#seal.KeyGenerator(this.#set.context));
      return {
        secretKey: scope(generator.secretKey()).saveArray(none),
        publicKey: scope(generator.createPublicKey()).saveArray(none),
      };
    },

    encrypt: ({ key, values, weight, stream, first }, scope) => {
      const { codec } = this.#set;
      const encryptor = found(this.#encryptors, key);
      const plaintext = scope(this.#seal.PlainText());
      const ciphertexts: Uint8Array[] = [];
      for (let start = 0; start < values.length; start += codec.valuesPerPlaintext) {
        const part = values.subarray(start, start + codec.valuesPerPlaintext);
        const number = first + ciphertexts.length;
        const random = randomStream(this.#options.seed, 'rounding', ...stream, number);
        codec.encode(part, weight, plaintext, random);
        ciphertexts.push(this.#encryptOne(encryptor, plaintext));
      }
      return { ciphertexts };
    },

    weightedSum: ({ columns, vectors, weights, firstColumn }) => {
      const factors = this.#factorsOf(weights);
      const ciphertexts = columns.map((column, at) => {
        const places = vectors.map((k) => `vector ${k}, ciphertext ${firstColumn + at}`);
        return this.#sum(column, factors, places);
      });
      return { ciphertexts };
    },

    decrypt: ({ key, ciphertexts, kind, weight, length, first }, scope) => {
      const { context, codec } = this.#set;
      const decryptor = found(this.#decryptors, key);
      const content = { weight, kind };
      const plaintext = scope(this.#seal.PlainText());
      const ciphertext = scope(this.#seal.CipherText());
      const values = new Float64Array(length);
      ciphertexts.forEach((bytes, at) => {
        checkCiphertext(bytes, this.#set[kind], `ciphertext ${first + at}`);
        ciphertext.loadArray(context, bytes);
        decryptor.decrypt(ciphertext, plaintext);
        const start = at * codec.valuesPerPlaintext;
        values.set(codec.decode(plaintext, content).subarray(0, length - start), start);
      });
      return { values };
    },

    primes: () => ({
      degree: this.#set.parameters.degree,
      keyPrimes: [...this.#set.keyPrimes],
      dataPrimes: [...this.#set.aggregate.primes],
    }),

    publicShare: ({ secretKey, commonRandom }) => ({
      share: this.#parties.publicShare(secretKey, commonRandom),
    }),

    joinPublicKey: ({ shares, commonRandom }) => {
      const { parameters, keyPrimes, publicKey } = this.#set;
      const ring = { degree: parameters.degree, primes: keyPrimes };
      shares.forEach((share, party) => {
        checkLimbs(share, ring, `public share of client ${party}`);
      });
      const sum = shares.reduce((so, share) => addLimbs(so, share, ring));
      return { publicKey: withHeader(publicKey.header, sum, commonRandom) };
    },

    partialDecrypt: ({ key, ciphertexts, first, floodingBits }) => {
      const decryptor = found(this.#decryptors, key);
      const partials = ciphertexts.map((bytes, at) => {
        checkCiphertext(bytes, this.#set.aggregate, `ciphertext ${first + at}`);
        return this.#parties.partialDecryption(decryptor, bytes, floodingBits);
      });
      return { partials };
    },

    merge: ({ ciphertexts, partials, clients, weight, length, first }, scope) => {
      const { codec, aggregate } = this.#set;
      const values = new Float64Array(length);
      ciphertexts.forEach((bytes, at) => {
        checkCiphertext(bytes, aggregate, `ciphertext ${first + at}`);
        const ofAll = partials[at] as Uint8Array[];
        ofAll.forEach((partial, k) => {
          const where = `partial decryption ${first + at} of client ${clients[k]}`;
          checkLimbs(partial, aggregate, where);
        });
        const plaintext = this.#parties.merge(scope, bytes, ofAll);
        const start = at * codec.valuesPerPlaintext;
        const decoded = codec.decode(plaintext, { weight, kind: 'aggregate' });
        values.set(decoded.subarray(0, length - start), start);
      });
      return { values };
    },
  };

  #multiParty: SealMultiParty | undefined;
  /** Two more contexts, opened by the first who needs them. */
  get #parties(): SealMultiParty {
    this.#multiParty ??= new SealMultiParty(this.#seal, this.#set);
    return this.#multiParty;
  }

  /** Weights as plaintexts, or null where the server only adds. */
  #factorsOf(weights: readonly number[]): readonly PlainText[] | null {
    const { weight } = this.#set;
    if (!weight) return null;
    const wanted = new Set(weights);
    for (const [value, factor] of this.#factors)
      if (!wanted.has(value)) {
        factor.delete();
        this.#factors.delete(value);
      }
    for (const value of wanted)
      if (!this.#factors.has(value)) this.#factors.set(value, weight(value));
    return weights.map((value) => this.#factors.get(value) as PlainText);
  }

  #encryptOne(encryptor: Encryptor, plaintext: PlainText): Uint8Array {
    const { none } = this.#seal.ComprModeType;
    return withSeal((scope) => {
      if (this.#options.uploads === 'seeded')
        return scope(encryptor.encryptSymmetricSerializable(plaintext)).saveArray(none);
      const ciphertext = scope(this.#seal.CipherText());
      encryptor.encrypt(plaintext, ciphertext);
      return ciphertext.saveArray(none);
    });
  }

  /** Σ factor · ciphertext of one column, or the plain sum without factors. */
  #sum(
    column: readonly Uint8Array[],
    factors: readonly PlainText[] | null,
    places: readonly string[],
  ): Uint8Array {
    const { context, evaluator, upload, finish } = this.#set;
    return withSeal((scope) => {
      const sum = scope(this.#seal.CipherText());
      const term = scope(this.#seal.CipherText());
      column.forEach((bytes, k) => {
        checkCiphertext(bytes, upload, places[k] as string);
        const target = k === 0 ? sum : term;
        target.loadArray(context, bytes);
        const factor = factors?.[k];
        if (factor) evaluator.multiplyPlain(target, factor, target);
        if (k > 0) evaluator.add(sum, term, sum);
      });
      finish(sum);
      return sum.saveArray(this.#seal.ComprModeType.none);
    });
  }
}

function found<T>(keys: ReadonlyMap<number, T>, id: number): T {
  const key = keys.get(id);
  if (!key) throw new Error(`key ${id} was not loaded`);
  return key;
}
