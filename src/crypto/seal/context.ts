import {
  type CipherText,
  type CKKSEncoder,
  type Context,
  type Evaluator,
  type PlainText,
  type Scope,
  type Seal,
  withSeal,
} from './library.ts';
import type { SealParameters } from './seal-parameters.ts';
import { type CiphertextForm, ciphertextHeaderBytes, plaintextHeaderBytes } from './wire.ts';

/** A parameter set opened on one SEAL instance; costs about 0.3 s, so an instance keeps it. */
export interface SealContext {
  readonly parameters: SealParameters;
  readonly context: Context;
  readonly encoder: CKKSEncoder;
  readonly evaluator: Evaluator;
  /** What clients upload. */
  readonly fresh: CiphertextForm;
  /** What the server sends back. */
  readonly aggregate: CiphertextForm;
  /** The same number in every slot, at the scale of the weights, as a plaintext of fresh level. */
  constant(scope: Scope, value: number): PlainText;
  /** One ciphertext of a weighted sum becomes one of an aggregate, in place. */
  finish(sum: CipherText): void;
}

export function openContext(seal: Seal, parameters: SealParameters): SealContext {
  return withSeal((scope) => {
    const settings = scope(seal.EncryptionParameters(seal.SchemeType.ckks));
    settings.setPolyModulusDegree(parameters.degree);
    settings.setCoeffModulus(
      scope(seal.CoeffModulus.Create(parameters.degree, Int32Array.from(parameters.primeBits))),
    );
    const context = seal.Context(settings, true, seal.SecurityLevel.tc128);
    if (!context.parametersSet())
      throw new Error(`SEAL refuses ${parameters.id} at 128 bits of security.`);
    const encoder = seal.CKKSEncoder(context);
    const evaluator = seal.Evaluator(context);
    const primes = [...settings.coeffModulus].slice(0, -1);
    const weightScale = 2 ** parameters.weightBits;

    const keys = scope(seal.KeyGenerator(context));
    const encryptor = scope(seal.Encryptor(context, scope(keys.createPublicKey())));
    const one = scope(seal.PlainText());
    encoder.encode(new Float64Array(encoder.slotCount).fill(1), 2 ** parameters.scaleBits, one);
    const sample = scope(seal.CipherText());
    encryptor.encrypt(one, sample);
    encoder.encode(new Float64Array(encoder.slotCount).fill(1), weightScale, one);
    const weightHeader = one.saveArray(seal.ComprModeType.none).slice(0, plaintextHeaderBytes);

    const form = (name: string, ciphertext: CipherText): CiphertextForm => ({
      name,
      header: ciphertext.saveArray(seal.ComprModeType.none).slice(0, ciphertextHeaderBytes),
      degree: parameters.degree,
      primes: primes.slice(0, ciphertext.coeffModulusSize),
    });
    const fresh = form('fresh', sample);
    const finish = (sum: CipherText) => {
      evaluator.rescaleToNext(sum, sum);
    };
    evaluator.multiplyPlain(sample, one, sample);
    finish(sample);
    const aggregate = form('aggregate', sample);

    return {
      parameters,
      context,
      encoder,
      evaluator,
      fresh,
      aggregate,
      finish,
      constant(inScope, value) {
        // A constant polynomial is its own transform: one residue per prime, repeated N times.
        const integer = BigInt(Math.round(value * weightScale));
        const bytes = new Uint8Array(weightHeader.length + primes.length * parameters.degree * 8);
        bytes.set(weightHeader);
        const residues = new BigUint64Array(primes.length * parameters.degree);
        primes.forEach((prime, index) => {
          const residue = ((integer % prime) + prime) % prime;
          residues.fill(residue, index * parameters.degree, (index + 1) * parameters.degree);
        });
        bytes.set(new Uint8Array(residues.buffer), weightHeader.length);
        const plaintext = inScope(seal.PlainText());
        plaintext.loadArray(context, bytes);
        return plaintext;
      },
    };
  });
}
