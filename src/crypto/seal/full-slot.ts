import { withHeader } from './bytes.ts';
import type { Codec } from './codecs.ts';
import {
  type CipherText,
  type Context,
  type Decryptor,
  type PlainText,
  type Seal,
  withSeal,
} from './library.ts';
import { type CiphertextForm, plaintextHeaderBytes } from './wire.ts';

/**
 * Two values per CKKS slot. SEAL for JavaScript encodes real numbers only, which leaves the
 * imaginary parts empty; here m = m_1 + J · m_2 with J = X^{N/2}, which is i or -i in every slot. So
 * m_1 is the real part of the slots of m, and m_2 that of -J · m.
 *
 * SEAL multiplies plaintexts by a polynomial in one place that is open to us: decryption computes
 * c_0 + c_1 · s. With J as the "secret key" it gives m_1 + J · m_2 of the "ciphertext" (m_1, m_2).
 */
export function fullSlotCodec(
  seal: Seal,
  context: Context,
  half: Codec,
  keyPrimes: readonly bigint[],
  forms: { readonly upload: CiphertextForm; readonly aggregate: CiphertextForm },
): Codec {
  const { degree } = forms.upload;
  const multiplier = imaginaryMultiplier(seal, context, keyPrimes, degree);
  const slots = half.valuesPerPlaintext;

  /** a + J · b, of the level of `form`. */
  const combine = (form: CiphertextForm, a: Uint8Array, b: Uint8Array, into: PlainText) =>
    withSeal((scope) => {
      const pair: CipherText = scope(seal.CipherText());
      pair.loadArray(context, withHeader(form.header, a, b));
      multiplier.decrypt(pair, into);
    });
  const limbsOf = (plaintext: PlainText) =>
    plaintext.saveArray(seal.ComprModeType.none).subarray(plaintextHeaderBytes);

  return {
    valuesPerPlaintext: 2 * slots,
    encode(values, weight, plaintext, random) {
      half.encode(values.subarray(0, slots), weight, plaintext, random);
      if (values.length <= slots) return;
      const first = limbsOf(plaintext);
      half.encode(values.subarray(slots), weight, plaintext, random);
      combine(forms.upload, first, limbsOf(plaintext), plaintext);
    },
    decode: (plaintext, content) =>
      withSeal((scope) => {
        const values = new Float64Array(2 * slots);
        values.set(half.decode(plaintext, content));
        const limbs = limbsOf(plaintext);
        const turned = scope(seal.PlainText());
        const form = content.kind === 'upload' ? forms.upload : forms.aggregate;
        combine(form, new Uint8Array(limbs.length), limbs, turned);
        values.set(
          half.decode(turned, content).map((value) => -value),
          slots,
        );
        return values;
      }),
  };
}

/** A "decryptor" whose key is X^{N/2}. */
function imaginaryMultiplier(
  seal: Seal,
  context: Context,
  keyPrimes: readonly bigint[],
  degree: number,
): Decryptor {
  const limbs = new BigUint64Array(keyPrimes.length * degree);
  keyPrimes.forEach((prime, index) => {
    const root = squareRootOfMinusOne(prime);
    const start = index * degree;
    // SEAL's transform is in bit-reversed order: first the powers ψ^{4k+1}, then ψ^{4k+3}.
    limbs.fill(root, start, start + degree / 2);
    limbs.fill(prime - root, start + degree / 2, start + degree);
  });
  return withSeal((scope) => {
    const anyKey = scope(scope(seal.KeyGenerator(context)).secretKey());
    const header = anyKey.saveArray(seal.ComprModeType.none).slice(0, plaintextHeaderBytes);
    const key = scope(seal.SecretKey());
    key.loadArray(context, withHeader(header, limbs));
    return seal.Decryptor(context, key);
  });
}

/** A root of x² = -1 mod p, for a prime p ≡ 1 mod 4. Either of the two will do. */
export function squareRootOfMinusOne(prime: bigint): bigint {
  for (let base = 2n; ; base++) {
    const root = power(base, (prime - 1n) / 4n, prime);
    if ((root * root) % prime === prime - 1n) return root;
  }
}

function power(base: bigint, exponent: bigint, prime: bigint): bigint {
  let result = 1n;
  let square = base % prime;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}
