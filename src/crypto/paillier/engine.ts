import { checkPrimeSync, generatePrimeSync, randomBytes } from 'node:crypto';
import { PrivateKey, PublicKey } from 'paillier-bigint';
import { randomStream } from '../../engine/random.ts';
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
import {
  batchCryptCodec,
  type IntegerCodec,
  lanesCodec,
  singleValueCodec,
  weightBits,
} from './codecs.ts';
import { fromBytes, power, toBytes } from './numbers.ts';

export const modulusBits = 3072;
const modulusBytes = modulusBits / 8;
/** A ciphertext is a number modulo n². */
export const ciphertextBytes = 2 * modulusBytes;

/**
 * Paillier with g = n + 1. Keys are numbers: the public one is n, the secret one p and q. The powers
 * r^n that hide the content are taken by OpenSSL, the rest is paillier-bigint.
 */
export class PaillierEngine implements CipherEngine {
  readonly #codec: IntegerCodec;
  readonly #options: SchemeOptions;
  readonly #publicKeys = new Map<number, PublicKey>();
  readonly #secretKeys = new Map<number, PrivateKey>();

  constructor(parameterSet: ParameterSetId, options: SchemeOptions) {
    this.#options = options;
    this.#codec = openCodec(parameterSet, options);
  }

  addKey({ id, kind, bytes }: KeyMaterial): void {
    if (!(bytes instanceof Uint8Array) || bytes.length !== modulusBytes)
      throw new CiphertextError(
        `${kind} key: length: ${bytes.length} bytes instead of ${modulusBytes}.`,
      );
    if (kind === 'public') this.#publicKeys.set(id, publicKeyOf(fromBytes(bytes)));
    else {
      const p = fromBytes(bytes.subarray(0, modulusBytes / 2));
      const q = fromBytes(bytes.subarray(modulusBytes / 2));
      this.#secretKeys.set(id, secretKeyOf(p, q));
    }
  }

  execute<O extends Operation>(operation: O, input: Input<O>): Output<O> {
    const handle: ((input: Input<O>) => Output<O>) | undefined = this.#handlers[operation];
    if (!handle) throw new EngineFailure(`Paillier has no operation ${operation}.`);
    return handle(input);
  }

  readonly #handlers: { [O in Operation]?: (input: Input<O>) => Output<O> } = {
    generateKeys: () => {
      const [p, q] = twoPrimes();
      const half = modulusBytes / 2;
      const secretKey = new Uint8Array(modulusBytes);
      secretKey.set(toBytes(p, half));
      secretKey.set(toBytes(q, half), half);
      return { secretKey, publicKey: toBytes(p * q, modulusBytes) };
    },

    encrypt: ({ key, values, weight, stream, first }) => {
      const { n } = found(this.#publicKeys, key);
      const size = this.#codec.valuesPerInteger;
      const ciphertexts: Uint8Array[] = [];
      for (let start = 0; start < values.length; start += size) {
        const number = first + ciphertexts.length;
        const random = randomStream(this.#options.seed, 'rounding', ...stream, number);
        const integer = this.#codec.encode(values.subarray(start, start + size), weight, random);
        const message = ((integer % n) + n) % n;
        const square = n * n;
        const ciphertext = ((1n + message * n) * power(randomUnit(n), n, square)) % square;
        ciphertexts.push(toBytes(ciphertext, ciphertextBytes));
      }
      return { ciphertexts };
    },

    weightedSum: ({ key, columns, vectors, weights, firstColumn }) => {
      const publicKey = found(this.#publicKeys, key);
      const ciphertexts = columns.map((column, at) => {
        const terms = column.map((bytes, k) => {
          const where = `vector ${vectors[k]}, ciphertext ${firstColumn + at}`;
          const ciphertext = readCiphertext(bytes, publicKey.n, where);
          if (!this.#codec.weightedByServer) return ciphertext;
          const integer = Math.round((weights[k] as number) * 2 ** weightBits);
          return publicKey.multiply(ciphertext, BigInt(integer));
        });
        return toBytes(publicKey.addition(...terms), ciphertextBytes);
      });
      return { ciphertexts };
    },

    decrypt: ({ key, ciphertexts, kind, length, first }) => {
      const secretKey = found(this.#secretKeys, key);
      const { n } = secretKey;
      const size = this.#codec.valuesPerInteger;
      const values = new Float64Array(length);
      ciphertexts.forEach((bytes, at) => {
        const ciphertext = readCiphertext(bytes, n, `ciphertext ${first + at}`);
        const message = secretKey.decrypt(ciphertext);
        const integer = message > n / 2n ? message - n : message;
        const decoded = this.#codec.decode(integer, kind);
        values.set(decoded.subarray(0, length - at * size), at * size);
      });
      return { values };
    },
  };
}

function openCodec(parameterSet: ParameterSetId, options: SchemeOptions): IntegerCodec {
  if (parameterSet === 'paillier-3072') return singleValueCodec;
  return parameterSet === 'paillier-3072-batchcrypt'
    ? batchCryptCodec(options)
    : lanesCodec(options);
}

/** @throws {CiphertextError} a modulus that cannot be the product of two primes of 1536 bits. */
function publicKeyOf(n: bigint): PublicKey {
  if (n.toString(2).length !== modulusBits || n % 2n === 0n)
    throw new CiphertextError(`public key: modulus: not an odd number of ${modulusBits} bits.`);
  return new PublicKey(n, n + 1n);
}

/** @throws {CiphertextError} factors that are equal, too small or not prime. */
function secretKeyOf(p: bigint, q: bigint): PrivateKey {
  const publicKey = publicKeyOf(p * q);
  if (p === q || ![p, q].every((factor) => checkPrimeSync(factor, { checks: 16 })))
    throw new CiphertextError('secret key: factors: not two different primes.');
  const lambda = (p - 1n) * (q - 1n);
  const mu = inverse(lambda % publicKey.n, publicKey.n);
  return new PrivateKey(lambda, mu, publicKey, p, q);
}

/** @throws {CiphertextError} naming the field that is wrong. */
function readCiphertext(bytes: Uint8Array, n: bigint, where: string): bigint {
  if (!(bytes instanceof Uint8Array) || bytes.length !== ciphertextBytes)
    throw new CiphertextError(
      `${where}: length: ${bytes.length} bytes instead of ${ciphertextBytes}.`,
    );
  const ciphertext = fromBytes(bytes);
  if (ciphertext >= n * n) throw new CiphertextError(`${where}: value: not below n².`);
  if (ciphertext % n === 0n) throw new CiphertextError(`${where}: value: a multiple of n.`);
  return ciphertext;
}

function twoPrimes(): [bigint, bigint] {
  for (;;) {
    const p = generatePrimeSync(modulusBits / 2, { bigint: true });
    const q = generatePrimeSync(modulusBits / 2, { bigint: true });
    if (p !== q && (p * q).toString(2).length === modulusBits) return [p, q];
  }
}

/** Uniform in [1, n). Not coprime to n with a chance of 2^-1535. */
function randomUnit(n: bigint): bigint {
  for (;;) {
    const candidate = fromBytes(randomBytes(modulusBytes));
    if (candidate > 0n && candidate < n) return candidate;
  }
}

/** Extended Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  if (a !== 1n) throw new CiphertextError('secret key: factors: they share a divisor with φ(n).');
  return ((x % modulus) + modulus) % modulus;
}

function found<T>(keys: ReadonlyMap<number, T>, id: number): T {
  const key = keys.get(id);
  if (!key) throw new EngineFailure(`key ${id} was not loaded`);
  return key;
}
