import { addLimbs, type LimbRing, type Limbs, scaleLimbs, uniformLimbs } from './limbs.ts';

/**
 * Splits a secret polynomial so that any `threshold` of the shares restore it and fewer tell nothing
 * (Shamir 1979), separately modulo each prime. Share j belongs to the point x = j + 1.
 *
 * The random polynomial f of degree threshold - 1 with f(0) = secret is drawn by its forward
 * differences at 0 instead of its coefficients, which is the same distribution and lets
 * f(1), f(2), … follow by additions alone.
 */
export function splitSecret(
  secret: Limbs,
  ring: LimbRing,
  threshold: number,
  parties: number,
): Limbs[] {
  let differences = [secret];
  for (let order = 1; order < threshold; order++) differences.push(uniformLimbs(ring));
  const shares: Limbs[] = [];
  for (let party = 0; party < parties; party++) {
    // Δ^k f(x + 1) = Δ^k f(x) + Δ^{k+1} f(x)
    differences = differences.map((difference, order) => {
      const next = differences[order + 1];
      return next ? addLimbs(difference, next, ring) : difference;
    });
    shares.push(differences[0] as Limbs);
  }
  return shares;
}

/** share · λ_j, so that the results of all `openers` add up to the secret. */
export function weightShare(
  share: Limbs,
  ring: LimbRing,
  party: number,
  openers: readonly number[],
): Limbs {
  return scaleLimbs(share, ring, (prime) => lagrangeAtZero(party, openers, prime));
}

/** λ_j = Π_{m ≠ j} x_m / (x_m - x_j) mod p. */
function lagrangeAtZero(party: number, openers: readonly number[], prime: bigint): bigint {
  let numerator = 1n;
  let denominator = 1n;
  for (const other of openers) {
    if (other === party) continue;
    numerator = (numerator * BigInt(other + 1)) % prime;
    denominator = (((denominator * BigInt(other - party)) % prime) + prime) % prime;
  }
  return (numerator * inverse(denominator, prime)) % prime;
}

/** a^(p-2) mod p (Fermat). */
function inverse(value: bigint, prime: bigint): bigint {
  let result = 1n;
  let square = value;
  for (let rest = prime - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}
