import type { KeyEvidence, KeyEvidenceRecord, Residues, ShownCiphertext } from './key-evidence.ts';
import type { Access } from './opened-view.ts';

export interface RecoveredKey {
  readonly owner: KeyEvidence['owner'];
  /** Ciphertexts it was solved from. */
  readonly solvedFrom: number;
  /**
   * Share of the coefficients of another ciphertext's decryption that the solution predicts: 1 for the
   * key, about 1/p for anything else.
   */
  readonly explained: number;
}

/** Ciphertexts that solving takes; one more tells a key from a wrong solution. */
export function ciphertextsNeeded(shows: KeyEvidence['shows']): number {
  return shows === 'values' ? 3 : 2;
}

/**
 * Solves for a secret key and tries the solution on a ciphertext it wasn't solved from.
 *
 * @returns undefined when there are too few ciphertexts
 */
export function recoverKey(evidence: KeyEvidence): RecoveredKey | undefined {
  const { owner, shows, prime, ciphertexts } = evidence;
  const needed = ciphertextsNeeded(shows);
  if (ciphertexts.length < needed) return undefined;
  const [first, second] = ciphertexts as readonly [ShownCiphertext, ShownCiphertext];
  const held = ciphertexts[needed - 1] as ShownCiphertext;
  const key =
    shows === 'values'
      ? keyFromValues(first, second, prime)
      : keyFromPartialDecryption(first, prime);
  const predicted =
    shows === 'values' ? shownValues(held, key, prime) : partialDecryption(held, key, prime);
  const right = predicted.reduce((sum, value, at) => sum + (value === held.shown[at] ? 1 : 0), 0);
  return { owner, solvedFrom: needed - 1, explained: right / predicted.length };
}

/**
 * The keys a server solves for from what the protocol showed it, or why it has none. Values that an
 * implementation might have returned unrounded don't count.
 */
export function recoveredKeys({
  opens,
  evidence,
  reason,
}: KeyEvidenceRecord): Pick<Access, 'recovered'> | { readonly reason: string } {
  if (reason !== undefined) return { reason };
  const shown = evidence.filter(({ precision }) => precision !== 'float64');
  const solved = shown.map(recoverKey);
  const owners = solved.flatMap((key) => (key?.explained === 1 ? [key.owner] : []));
  if (owners.includes('all') || (opens === 'together' && owners.length === shown.length))
    return { recovered: 'the key' };
  if (opens === 'own' && owners.length > 0) return { recovered: owners as number[] };
  if (solved.includes(undefined))
    return { reason: 'The protocol shows too few ciphertexts of a key to solve for it.' };
  return {
    reason:
      shown[0]?.shows === 'values'
        ? 'The key can’t be solved for: decrypted values are returned in float32, and their rounding hides it.'
        : 'The key can’t be solved for: partial decryptions carry flooding noise.',
  };
}

/** s with d = c_1·s: an unflooded partial decryption of one ciphertext. */
function keyFromPartialDecryption({ c1, shown }: ShownCiphertext, prime: bigint): Residues {
  const inverses = inverseEach(c1, prime);
  return shown.map((value, at) => (value * (inverses[at] as bigint)) % prime);
}

function partialDecryption({ c1 }: ShownCiphertext, key: Residues, prime: bigint): Residues {
  return c1.map((value, at) => (value * (key[at] as bigint)) % prime);
}

/**
 * Li and Micciancio's attack (EUROCRYPT 2021, §3) on CKKS decryptions shown with their noise, where
 * only the real parts of the slots are shown. With τ: X → X^{-1}, which reverses the order of SEAL's
 * NTT coefficients, m + τ(m) = c_0 + c_1·s + τ(c_0) + τ(c_1)·τ(s) is known exactly, so that two
 * ciphertexts give two linear equations for s and τ(s) in every coefficient.
 */
function keyFromValues(a: ShownCiphertext, b: ShownCiphertext, prime: bigint): Residues {
  const modulo = (value: bigint) => ((value % prime) + prime) % prime;
  const known = ({ c0, shown }: ShownCiphertext, at: number, mirror: number) =>
    (shown[at] as bigint) - (c0[at] as bigint) - (c0[mirror] as bigint);
  const degree = a.c1.length;
  const determinants = new BigUint64Array(degree);
  const numerators = new BigUint64Array(degree);
  for (let at = 0; at < degree; at++) {
    const mirror = degree - 1 - at;
    const [sA, sB] = [a.c1[at] as bigint, b.c1[at] as bigint];
    const [mirroredA, mirroredB] = [a.c1[mirror] as bigint, b.c1[mirror] as bigint];
    determinants[at] = modulo(sA * mirroredB - sB * mirroredA);
    numerators[at] = modulo(
      modulo(known(a, at, mirror)) * mirroredB - modulo(known(b, at, mirror)) * mirroredA,
    );
  }
  const inverses = inverseEach(determinants, prime);
  return numerators.map((value, at) => (value * (inverses[at] as bigint)) % prime);
}

function shownValues({ c0, c1 }: ShownCiphertext, key: Residues, prime: bigint): Residues {
  const decrypted = (at: number) => (c0[at] as bigint) + (c1[at] as bigint) * (key[at] as bigint);
  return c0.map((_, at) => (decrypted(at) + decrypted(c0.length - 1 - at)) % prime);
}

/**
 * The inverses of all values modulo the prime, by one inversion (Montgomery's trick); 0 for 0, which
 * has none.
 */
function inverseEach(values: Residues, prime: bigint): Residues {
  const products = new BigUint64Array(values.length);
  let product = 1n;
  values.forEach((value, at) => {
    products[at] = product;
    if (value !== 0n) product = (product * value) % prime;
  });
  let inverse = power(product, prime - 2n, prime);
  const inverses = new BigUint64Array(values.length);
  for (let at = values.length - 1; at >= 0; at--) {
    const value = values[at] as bigint;
    if (value === 0n) continue;
    inverses[at] = (inverse * (products[at] as bigint)) % prime;
    inverse = (inverse * value) % prime;
  }
  return inverses;
}

function power(base: bigint, exponent: bigint, prime: bigint): bigint {
  let result = 1n;
  let square = base % prime;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}
