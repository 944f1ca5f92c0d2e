/**
 * Attacks on the layer by arithmetic modulo one prime of the ciphertexts, on coefficients in NTT
 * form. What an attacker finds modulo one prime is the whole key: its coefficients are -1, 0, 1.
 */

export type Residues = BigUint64Array;

export function inverse(value: bigint, prime: bigint): bigint {
  let [a, b, x, y] = [value % prime, prime, 1n, 0n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % prime) + prime) % prime;
}

/** The residues modulo the first prime of a polynomial that starts at byte `start`. */
export function residues(bytes: Uint8Array, start: number, degree: number): Residues {
  return new BigUint64Array(bytes.slice(start, start + 8 * degree).buffer);
}

/** s with d = c_1 · s. */
export function keyFromExactPartial(partial: Residues, c1: Residues, prime: bigint): Residues {
  return partial.map((value, at) => (value * inverse(c1[at] as bigint, prime)) % prime);
}

/** A ciphertext, and twice the real part of what it decrypts to as a plaintext polynomial. */
export interface Observation {
  readonly c0: Residues;
  readonly c1: Residues;
  readonly twiceReal: Residues;
}

/**
 * Li and Micciancio's attack (EUROCRYPT 2021) on CKKS decryptions that are shown with their noise,
 * here where only the real parts of the slots are shown. With τ: X → X^{-1}, which reverses the order
 * of SEAL's NTT coefficients, m + τ(m) = c_0 + c_1 s + τ(c_0) + τ(c_1) τ(s) is known exactly, so two
 * ciphertexts give two linear equations for s and τ(s) in every coefficient.
 */
export function keyFromTwoDecryptions(
  first: Observation,
  second: Observation,
  prime: bigint,
): Residues {
  const degree = first.c0.length;
  const mod = (value: bigint) => ((value % prime) + prime) % prime;
  const equation = ({ c0, c1, twiceReal }: Observation, at: number) => {
    const mirror = degree - 1 - at;
    return {
      s: c1[at] as bigint,
      mirrored: c1[mirror] as bigint,
      known: mod((twiceReal[at] as bigint) - (c0[at] as bigint) - (c0[mirror] as bigint)),
    };
  };
  return BigUint64Array.from({ length: degree }, (_, at) => {
    const a = equation(first, at);
    const b = equation(second, at);
    const determinant = mod(a.s * b.mirrored - b.s * a.mirrored);
    const numerator = mod(a.known * b.mirrored - b.known * a.mirrored);
    return (numerator * inverse(determinant, prime)) % prime;
  });
}
