import type { SchemeOptions } from '../scheme-options.ts';
import { withHeader } from './bytes.ts';
import { type Codec, ckksCodec, fixedPointCodec, twoFieldsCodec } from './codecs.ts';
import { fullSlotCodec } from './full-slot.ts';
import {
  type CipherText,
  type Context,
  type Evaluator,
  type PlainText,
  type Scope,
  type Seal,
  withSeal,
} from './library.ts';
import type { CkksParameters, SealParameters } from './seal-parameters.ts';
import {
  type CiphertextForm,
  ciphertextHeaderBytes,
  plaintextHeaderBytes,
  seededForm,
} from './wire.ts';

/** A parameter set opened on one SEAL instance; costs about 0.3 s, so an instance keeps it. */
export interface SealContext {
  readonly parameters: SealParameters;
  readonly context: Context;
  readonly evaluator: Evaluator;
  readonly codec: Codec;
  /** Primes of the keys: those of an upload and the special one. */
  readonly keyPrimes: readonly bigint[];
  readonly upload: CiphertextForm;
  /** A public key is a ciphertext of zero over the primes of the keys. */
  readonly publicKey: CiphertextForm;
  readonly secretKeyHeader: Uint8Array;
  readonly aggregate: CiphertextForm;
  /**
   * A weight as a plaintext that `multiplyPlain` takes, the caller's to delete; null where the server
   * only adds.
   */
  readonly weight: ((value: number) => PlainText) | null;
  /** Turns the sum of an aggregate's terms into what is sent, in place. */
  finish(sum: CipherText): void;
}

export function openContext(
  seal: Seal,
  parameters: SealParameters,
  options: SchemeOptions,
): SealContext {
  return withSeal((scope) => {
    const bits = Int32Array.from(parameters.primeBits);
    const chosen = scope(seal.CoeffModulus.Create(parameters.degree, bits));
    const keyPrimes = [...(chosen.toArray() as BigUint64Array)];
    const context = createContext(
      seal,
      seal.SchemeType[parameters.scheme],
      parameters.degree,
      keyPrimes,
      'tc128',
      parameters.scheme === 'bfv' ? parameters.plainModulus : undefined,
    );
    const evaluator = seal.Evaluator(context);
    const primes = keyPrimes.slice(0, -1);
    const weight = weightEncoder(seal, context, parameters, primes);

    const finish = (sum: CipherText) => {
      if (weight && parameters.scheme === 'ckks') evaluator.rescaleToNext(sum, sum);
      while (
        options.downloads === 'fewest-primes' &&
        sum.coeffModulusSize > parameters.aggregatePrimes
      )
        evaluator.cipherModSwitchToNext(sum, sum);
    };
    const form = (name: string, ciphertext: CipherText): CiphertextForm => ({
      name,
      header: ciphertext.saveArray(seal.ComprModeType.none).slice(0, ciphertextHeaderBytes),
      degree: parameters.degree,
      primes: primes.slice(0, ciphertext.coeffModulusSize),
    });

    // The context's own headers, taken from a ciphertext under a key nobody keeps.
    const keys = scope(seal.KeyGenerator(context));
    const publicKey = scope(keys.createPublicKey());
    const secretKey = scope(keys.secretKey());
    const encryptor = scope(seal.Encryptor(context, publicKey, secretKey));
    const sample = sampleCiphertext(seal, scope, parameters, context);
    const ciphertext = scope(seal.CipherText());
    encryptor.encrypt(sample, ciphertext);
    const full = form('upload', ciphertext);
    if (weight) evaluator.multiplyPlain(ciphertext, scope(weight(1)), ciphertext);
    finish(ciphertext);
    const aggregate = form('aggregate', ciphertext);
    const seeded = scope(encryptor.encryptSymmetricSerializable(sample));
    const upload =
      options.uploads === 'seeded'
        ? seededForm(seeded.saveArray(seal.ComprModeType.none), full)
        : full;
    const codec = openCodec(seal, context, parameters, options);
    return {
      parameters,
      context,
      evaluator,
      keyPrimes,
      upload,
      aggregate,
      publicKey: {
        name: 'public key',
        header: publicKey.saveArray(seal.ComprModeType.none).slice(0, ciphertextHeaderBytes),
        degree: parameters.degree,
        primes: keyPrimes,
      },
      secretKeyHeader: secretKey.saveArray(seal.ComprModeType.none).slice(0, plaintextHeaderBytes),
      weight,
      finish,
      codec:
        options.packing === 'full-slot'
          ? fullSlotCodec(seal, context, codec, keyPrimes, { upload: full, aggregate })
          : codec,
    };
  });
}

/** @throws {Error} when SEAL refuses the parameters at this level of security. */
export function createContext(
  seal: Seal,
  scheme: Seal['SchemeType']['ckks'],
  degree: number,
  primes: readonly bigint[],
  security: 'tc128' | 'none',
  plainModulus = 65_537n,
): Context {
  return withSeal((scope) => {
    const settings = scope(seal.EncryptionParameters(scheme));
    settings.setPolyModulusDegree(degree);
    const modulus = scope(seal.Vector());
    // The types say BigUint64Array; the library takes its own Modulus objects.
    const moduli: unknown = primes.map((prime) => scope(seal.Modulus(prime)).instance);
    modulus.from(moduli as BigUint64Array, 'Modulus');
    settings.setCoeffModulus(modulus);
    if (scheme === seal.SchemeType.bfv) settings.setPlainModulus(scope(seal.Modulus(plainModulus)));
    const context = seal.Context(settings, true, seal.SecurityLevel[security]);
    if (!context.parametersSet())
      throw new Error(`SEAL refuses primes ${primes.join(', ')} with N = ${degree}.`);
    return context;
  });
}

function openCodec(
  seal: Seal,
  context: Context,
  parameters: SealParameters,
  options: SchemeOptions,
): Codec {
  if (parameters.scheme === 'ckks') return ckksCodec(seal, context, parameters);
  return parameters.encoding === 'fixed-point'
    ? fixedPointCodec(seal, context, parameters)
    : twoFieldsCodec(seal, context, options);
}

function sampleCiphertext(
  seal: Seal,
  scope: Scope,
  parameters: SealParameters,
  context: Context,
): PlainText {
  const plaintext = scope(seal.PlainText());
  if (parameters.scheme === 'ckks')
    scope(seal.CKKSEncoder(context)).encode(
      Float64Array.of(1),
      2 ** parameters.scaleBits,
      plaintext,
    );
  else scope(seal.BatchEncoder(context)).encode(Int32Array.of(1), plaintext);
  return plaintext;
}

function weightEncoder(
  seal: Seal,
  context: Context,
  parameters: SealParameters,
  primes: readonly bigint[],
): SealContext['weight'] {
  const { weightBits } = parameters;
  if (weightBits === undefined) return null;
  return parameters.scheme === 'ckks'
    ? ckksConstant(seal, context, { ...parameters, weightBits }, primes)
    : bfvConstant(seal, context, weightBits);
}

/** The same number in every slot: a constant polynomial, which is its own NTT. */
function ckksConstant(
  seal: Seal,
  context: Context,
  { degree, weightBits }: CkksParameters & { readonly weightBits: number },
  primes: readonly bigint[],
): SealContext['weight'] {
  const header = ckksPlaintextHeader(seal, context, 2 ** weightBits);
  return (value) => {
    const integer = BigInt(Math.round(value * 2 ** weightBits));
    const limbs = new BigUint64Array(primes.length * degree);
    primes.forEach((prime, index) => {
      limbs.fill(((integer % prime) + prime) % prime, index * degree, (index + 1) * degree);
    });
    const plaintext = seal.PlainText();
    plaintext.loadArray(context, withHeader(header, limbs));
    return plaintext;
  };
}

/** The header of an upload-level CKKS plaintext of this scale. */
function ckksPlaintextHeader(seal: Seal, context: Context, scale: number): Uint8Array {
  return withSeal((scope) => {
    const plaintext = scope(seal.PlainText());
    const encoder = scope(seal.CKKSEncoder(context));
    encoder.encode(Float64Array.of(0), scale, plaintext);
    return plaintext.saveArray(seal.ComprModeType.none).slice(0, plaintextHeaderBytes);
  });
}

/** The same integer in every slot is a polynomial of one coefficient. */
function bfvConstant(seal: Seal, context: Context, weightBits: number): SealContext['weight'] {
  const encoder = seal.BatchEncoder(context);
  return (value) => {
    const integer = BigInt(Math.round(value * 2 ** weightBits));
    const plaintext = seal.PlainText();
    encoder.encode(new BigInt64Array(encoder.slotCount).fill(integer), plaintext);
    return plaintext;
  };
}
