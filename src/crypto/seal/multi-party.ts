import { floodingNoise } from '../multi-party/flooding.ts';
import { addLimbs, type Limbs, limbBytes, negateLimbs } from '../multi-party/limbs.ts';
import { withHeader } from './bytes.ts';
import { createContext, type SealContext } from './context.ts';
import {
  type Context,
  type Decryptor,
  type PlainText,
  type Scope,
  type Seal,
  withSeal,
} from './library.ts';
import { ciphertextHeaderBytes, plaintextHeaderBytes } from './wire.ts';

/**
 * Multi-party CKKS (xMKCKKS, as MASER uses it) on one SEAL instance: every product s · a and every
 * NTT is SEAL's own; only additions modulo the primes are ours.
 */
export class SealMultiParty {
  readonly #seal: Seal;
  readonly #set: SealContext;
  /**
   * The primes of the keys as data primes, with one more for the keys that this context would have:
   * SEAL multiplies polynomials over data primes only. It encrypts nothing.
   */
  readonly #products: Context;
  /** The same primes under BFV, whose ciphertexts SEAL transforms to NTT form. */
  readonly #transforms: Context;
  readonly #headers: {
    readonly productCiphertext: Uint8Array;
    readonly productSecretKey: Uint8Array;
    readonly transformCiphertext: Uint8Array;
    readonly aggregatePlaintext: Uint8Array;
  };

  constructor(seal: Seal, set: SealContext) {
    this.#seal = seal;
    this.#set = set;
    const { degree, primeBits } = set.parameters;
    const { keyPrimes } = set;
    [this.#products, this.#transforms, this.#headers] = withSeal((scope) => {
      const { ckks, bfv } = seal.SchemeType;
      const more = scope(seal.CoeffModulus.Create(degree, Int32Array.from([...primeBits, 60])));
      const extra = [...(more.toArray() as BigUint64Array)].find((p) => !keyPrimes.includes(p));
      if (extra === undefined) throw new Error('SEAL offers no further prime of 60 bits.');
      const products = createContext(seal, ckks, degree, [...keyPrimes, extra], 'none');
      const transforms = createContext(seal, bfv, degree, keyPrimes, 'tc128');
      const header = (bytes: Uint8Array, length: number) => bytes.slice(0, length);

      const productKeys = scope(seal.KeyGenerator(products));
      const secretKey = scope(productKeys.secretKey());
      const zero = (context: Context) => {
        const keys = scope(seal.KeyGenerator(context));
        const encryptor = scope(seal.Encryptor(context, scope(keys.createPublicKey())));
        const ciphertext = scope(seal.CipherText());
        encryptor.encryptZero(ciphertext);
        return header(ciphertext.saveArray(seal.ComprModeType.none), ciphertextHeaderBytes);
      };

      const anyKey = scope(scope(seal.KeyGenerator(set.context)).secretKey());
      const ciphertext = scope(seal.CipherText());
      const nothing = new Uint8Array(2 * limbBytes(set.aggregate));
      ciphertext.loadArray(set.context, withHeader(set.aggregate.header, nothing));
      const plaintext = scope(seal.PlainText());
      scope(seal.Decryptor(set.context, anyKey)).decrypt(ciphertext, plaintext);

      const { none } = seal.ComprModeType;
      return [
        products,
        transforms,
        {
          productCiphertext: zero(products),
          productSecretKey: header(secretKey.saveArray(none), plaintextHeaderBytes),
          transformCiphertext: zero(transforms),
          aggregatePlaintext: header(plaintext.saveArray(none), plaintextHeaderBytes),
        },
      ] as const;
    });
  }

  /**
   * A party's part of the joint public key, b = e - s · a, over the primes of the keys.
   *
   * The error is SEAL's own: with a throw-away key pair (b', a'), s' it is e = b' + a' · s'.
   */
  publicShare(secretKey: Uint8Array, commonRandom: Limbs): Limbs {
    return withSeal((scope) => {
      const { none } = this.#seal.ComprModeType;
      const keyRing = { degree: this.#set.parameters.degree, primes: this.#set.keyPrimes };
      const generator = scope(this.#seal.KeyGenerator(this.#set.context));
      const otherSecret = scope(generator.secretKey()).saveArray(none);
      const otherPublic = scope(generator.createPublicKey()).saveArray(none);
      const size = limbBytes(keyRing);
      const b = otherPublic.subarray(ciphertextHeaderBytes, ciphertextHeaderBytes + size);
      const a = otherPublic.subarray(ciphertextHeaderBytes + size);
      const error = this.#multiplyAdd(scope, b, a, otherSecret);
      return negateLimbs(this.#multiplyAdd(scope, error, commonRandom, secretKey), keyRing);
    });
  }

  /**
   * c_1 · s + e*, with e* uniform in [-2^B, 2^B). Without flooding the result gives away s.
   *
   * @param floodingBits B, or null for no noise
   */
  partialDecryption(
    decryptor: Decryptor,
    ciphertext: Uint8Array,
    floodingBits: number | null,
  ): Limbs {
    return withSeal((scope) => {
      const { context, aggregate } = this.#set;
      const second = ciphertext.subarray(ciphertextHeaderBytes + limbBytes(aggregate));
      const noise =
        floodingBits === null
          ? new Uint8Array(limbBytes(aggregate))
          : this.#transform(scope, floodingNoise(aggregate, floodingBits));
      const masked = scope(this.#seal.CipherText());
      masked.loadArray(context, withHeader(aggregate.header, noise, second));
      const plaintext = scope(this.#seal.PlainText());
      decryptor.decrypt(masked, plaintext);
      return plaintext.saveArray(this.#seal.ComprModeType.none).slice(plaintextHeaderBytes);
    });
  }

  /** c_0 + Σ partial decryptions, as a plaintext to decode. */
  merge(scope: Scope, ciphertext: Uint8Array, partials: readonly Limbs[]): PlainText {
    const { context, aggregate } = this.#set;
    const size = limbBytes(aggregate);
    const first = ciphertext.subarray(ciphertextHeaderBytes, ciphertextHeaderBytes + size);
    const sum = partials.reduce((so, partial) => addLimbs(so, partial, aggregate), first);
    const plaintext = scope(this.#seal.PlainText());
    plaintext.loadArray(context, withHeader(this.#headers.aggregatePlaintext, sum));
    return plaintext;
  }

  /** c_0 + c_1 · s over the primes of the keys, all in NTT form. */
  #multiplyAdd(scope: Scope, c0: Limbs, c1: Limbs, secretKey: Uint8Array): Limbs {
    const { degree } = this.#set.parameters;
    const ciphertext = scope(this.#seal.CipherText());
    ciphertext.loadArray(this.#products, withHeader(this.#headers.productCiphertext, c0, c1));
    const key = scope(this.#seal.SecretKey());
    const secret = secretKey.subarray(plaintextHeaderBytes);
    const unused = new Uint8Array(8 * degree);
    key.loadArray(this.#products, withHeader(this.#headers.productSecretKey, secret, unused));
    const plaintext = scope(this.#seal.PlainText());
    scope(this.#seal.Decryptor(this.#products, key)).decrypt(ciphertext, plaintext);
    return plaintext.saveArray(this.#seal.ComprModeType.none).slice(plaintextHeaderBytes);
  }

  /** The NTT of a polynomial over the primes of an aggregate. */
  #transform(scope: Scope, polynomial: Limbs): Limbs {
    const pair = scope(this.#seal.CipherText());
    const bytes = withHeader(this.#headers.transformCiphertext, polynomial, polynomial);
    pair.loadArray(this.#transforms, bytes);
    scope(this.#seal.Evaluator(this.#transforms)).cipherTransformToNtt(pair, pair);
    const transformed = pair.saveArray(this.#seal.ComprModeType.none);
    return transformed.slice(ciphertextHeaderBytes, ciphertextHeaderBytes + polynomial.length);
  }
}
