import { CiphertextError, type ParameterSetId } from '../scheme.ts';
import { openContext, type SealContext } from './context.ts';
import {
  type Decryptor,
  type Encryptor,
  loadSeal,
  type PlainText,
  type Scope,
  type Seal,
  SealFailure,
  withSeal,
} from './library.ts';
import type { KeyMaterial, SealInput, SealOperation, SealOutput } from './operations.ts';
import { sealParameters } from './seal-parameters.ts';
import { checkCiphertext } from './wire.ts';

type Operations = { [O in SealOperation]: (input: SealInput<O>) => SealOutput<O> };

/** One SEAL instance with one parameter set and the keys it was given. */
export class SealEngine {
  readonly #seal: Seal;
  readonly #set: SealContext;
  readonly #encryptors = new Map<number, Encryptor>();
  readonly #decryptors = new Map<number, Decryptor>();

  private constructor(seal: Seal, set: SealContext) {
    this.#seal = seal;
    this.#set = set;
  }

  static async open(parameterSet: ParameterSetId): Promise<SealEngine> {
    const seal = await loadSeal();
    return new SealEngine(seal, openContext(seal, sealParameters(parameterSet)));
  }

  /**
   * Carries out one operation.
   *
   * @throws {CiphertextError} the input was refused before SEAL saw it; the instance is intact.
   * @throws {SealFailure} SEAL threw; the instance must not be used again.
   */
  execute<O extends SealOperation>(operation: O, input: SealInput<O>): SealOutput<O> {
    const run: Operations[O] = this.#operations[operation];
    try {
      return run(input);
    } catch (error) {
      if (error instanceof CiphertextError) throw error;
      throw new SealFailure(`SEAL failed to ${operation}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Loads a key that later operations name by its id. */
  addKey(key: KeyMaterial): void {
    const { context } = this.#set;
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
        }
      });
    } catch (error) {
      throw new SealFailure(`SEAL failed to load a ${key.kind} key.`, { cause: error });
    }
  }

  readonly #operations: Operations = {
    generateKeys: () =>
      withSeal((scope) => {
        const { none } = this.#seal.ComprModeType;
        const generator = scope(this.#seal.KeyGenerator(this.#set.context));
        return {
          secretKey: scope(generator.secretKey()).saveArray(none),
          publicKey: scope(generator.createPublicKey()).saveArray(none),
        };
      }),

    encrypt: ({ key, values }) =>
      withSeal((scope) => {
        const { encoder, parameters } = this.#set;
        const encryptor = found(this.#encryptors, key);
        const plaintext = scope(this.#seal.PlainText());
        const ciphertext = scope(this.#seal.CipherText());
        const ciphertexts: Uint8Array[] = [];
        for (let start = 0; start < values.length; start += encoder.slotCount) {
          const slots = Float64Array.from(values.subarray(start, start + encoder.slotCount));
          encoder.encode(slots, 2 ** parameters.scaleBits, plaintext);
          encryptor.encrypt(plaintext, ciphertext);
          ciphertexts.push(ciphertext.saveArray(this.#seal.ComprModeType.none));
        }
        return { ciphertexts };
      }),

    weightedSum: ({ columns, vectors, weights, firstColumn }) =>
      withSeal((scope) => {
        const factors = weights.map((weight) => this.#set.constant(scope, weight));
        const ciphertexts = columns.map((column, at) => {
          const places = vectors.map((k) => `vector ${k}, ciphertext ${firstColumn + at}`);
          return this.#sum(column, factors, places);
        });
        return { ciphertexts };
      }),

    decrypt: ({ key, ciphertexts, length, first }) =>
      withSeal((scope) => {
        const { context, encoder, fresh, aggregate } = this.#set;
        const decryptor = found(this.#decryptors, key);
        const plaintext = scope(this.#seal.PlainText());
        const ciphertext = scope(this.#seal.CipherText());
        const values = new Float64Array(length);
        ciphertexts.forEach((bytes, at) => {
          checkCiphertext(bytes, [fresh, aggregate], `ciphertext ${first + at}`);
          ciphertext.loadArray(context, bytes);
          decryptor.decrypt(ciphertext, plaintext);
          const start = at * encoder.slotCount;
          values.set(encoder.decode(plaintext).subarray(0, length - start), start);
        });
        return { values };
      }),
  };

  #sum(
    column: readonly Uint8Array[],
    factors: readonly PlainText[],
    places: readonly string[],
  ): Uint8Array {
    const { context, evaluator, fresh, finish } = this.#set;
    return withSeal((scope: Scope) => {
      const sum = scope(this.#seal.CipherText());
      const term = scope(this.#seal.CipherText());
      column.forEach((bytes, k) => {
        checkCiphertext(bytes, [fresh], places[k] as string);
        const target = k === 0 ? sum : term;
        target.loadArray(context, bytes);
        evaluator.multiplyPlain(target, factors[k] as PlainText, target);
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
