import { checkLimbs, type LimbRing } from '../multi-party/limbs.ts';
import { CiphertextError } from '../scheme.ts';

/** A serialised SEAL ciphertext at ComprMode none: header, then limbs as little-endian uint64. */
export interface CiphertextForm {
  /** `upload`, `aggregate`. */
  readonly name: string;
  /** The context's own header: parameter id, level, scale and size of every valid ciphertext. */
  readonly header: Uint8Array;
  readonly degree: number;
  /** Primes of this level, in the order of the limbs. */
  readonly primes: readonly bigint[];
  /**
   * Seeded ciphertexts: the second polynomial is replaced by this header of the generator and the
   * seed that expands to it.
   */
  readonly generator?: Uint8Array;
}

export const ciphertextHeaderBytes = 113;
export const plaintextHeaderBytes = 88;

/** Where SEAL 4.1 writes what (`Ciphertext::save_members`), by first byte. */
const headerFields: readonly (readonly [start: number, name: string])[] = [
  [0, 'magic number'],
  [2, 'header size'],
  [3, 'library version'],
  [5, 'compression mode'],
  [6, 'reserved bytes'],
  [8, 'total size'],
  [16, 'parameter id'],
  [48, 'NTT flag'],
  [49, 'number of polynomials'],
  [57, 'ring dimension'],
  [65, 'number of primes'],
  [73, 'scale'],
  [81, 'correction factor'],
  [89, 'header of the coefficients'],
  [105, 'number of coefficients'],
];

function fieldAt(byte: number): string {
  return headerFields.findLast(([start]) => start <= byte)?.[1] ?? 'header';
}

/** Bytes of the seed that SEAL's generators start from. */
const seedBytes = 64;

/** Bytes of a ciphertext in this form. */
export function ciphertextBytes(form: CiphertextForm): number {
  const polynomial = form.primes.length * form.degree * 8;
  const second = form.generator ? form.generator.length + seedBytes : polynomial;
  return ciphertextHeaderBytes + polynomial + second;
}

/** Reads the form of a seeded ciphertext off one that SEAL itself has made. */
export function seededForm(sample: Uint8Array, full: CiphertextForm): CiphertextForm {
  const polynomial = full.primes.length * full.degree * 8;
  return {
    ...full,
    name: `seeded ${full.name}`,
    header: sample.slice(0, ciphertextHeaderBytes),
    generator: sample.slice(ciphertextHeaderBytes + polynomial, sample.length - seedBytes),
  };
}

/**
 * Checks every byte of a ciphertext before SEAL sees it: SEAL 6.x on WebAssembly is damaged by the
 * exception that a malformed input causes.
 *
 * @param where names the ciphertext in errors
 * @throws {CiphertextError} naming the field that is wrong.
 */
export function checkCiphertext(bytes: Uint8Array, form: CiphertextForm, where: string): void {
  if (!(bytes instanceof Uint8Array)) throw new CiphertextError(`${where}: not a Uint8Array.`);
  const expected = ciphertextBytes(form);
  if (bytes.length !== expected)
    throw new CiphertextError(
      `${where}: length: ${bytes.length} bytes instead of the ${expected} of an ${form.name}.`,
    );
  const byte = firstDifference(bytes, form.header);
  if (byte !== -1)
    throw new CiphertextError(
      `${where}: ${fieldAt(byte)}: byte ${byte} is ${bytes[byte]} instead of ${form.header[byte]}; the ciphertext was made with other parameters or was damaged.`,
    );
  checkCoefficients(bytes, form, where);
}

/**
 * Checks a serialised secret key, which is a plaintext over all primes of the keys.
 *
 * @throws {CiphertextError} naming the field that is wrong.
 */
export function checkSecretKey(bytes: Uint8Array, header: Uint8Array, ring: LimbRing): void {
  if (!(bytes instanceof Uint8Array)) throw new CiphertextError('secret key: not a Uint8Array.');
  checkLimbs(bytes.subarray(header.length), ring, 'secret key');
  if (firstDifference(bytes, header) !== -1)
    throw new CiphertextError('secret key: header: it was made with other parameters.');
}

function firstDifference(bytes: Uint8Array, header: Uint8Array): number {
  return header.findIndex((byte, at) => bytes[at] !== byte);
}

function checkCoefficients(bytes: Uint8Array, form: CiphertextForm, where: string): void {
  const { generator } = form;
  const end = generator ? bytes.length - generator.length - seedBytes : bytes.length;
  if (generator?.some((byte, at) => bytes[end + at] !== byte))
    throw new CiphertextError(`${where}: generator of the second polynomial: not SEAL's own.`);
  const words = aligned(bytes.subarray(ciphertextHeaderBytes, end));
  let at = 0;
  let second = generator ? 1 : 0;
  for (let polynomial = 0; polynomial < (generator ? 1 : 2); polynomial++) {
    for (const prime of form.primes) {
      const low = Number(prime & 0xffffffffn);
      const high = Number(prime >> 32n);
      for (const end = at + 2 * form.degree; at < end; at += 2) {
        const wordHigh = words[at + 1] as number;
        const wordLow = words[at] as number;
        if (wordHigh > high || (wordHigh === high && wordLow >= low)) {
          const coefficient = (at >> 1) % form.degree;
          throw new CiphertextError(
            `${where}: coefficient ${coefficient} of polynomial ${polynomial} is not below its prime ${prime}.`,
          );
        }
        if (polynomial === 1) second |= wordHigh | wordLow;
      }
    }
  }
  if (second === 0)
    throw new CiphertextError(
      `${where}: the second polynomial is zero, so the ciphertext would show its content to everyone.`,
    );
}

let scratch = new Uint32Array(0);

/**
 * The payload as pairs of 32-bit words, valid until the next call: it starts at an odd byte, so it
 * is copied, each time to the same place.
 */
function aligned(payload: Uint8Array): Uint32Array {
  const length = payload.length / 4;
  if (scratch.length < length) scratch = new Uint32Array(length);
  new Uint8Array(scratch.buffer).set(payload);
  return scratch;
}
