import { randomFillSync } from 'node:crypto';
import { CiphertextError } from '../scheme.ts';

/**
 * A polynomial in residue form: N coefficients for each prime, little-endian uint64, in the order of
 * SEAL's serialisation. Arithmetic is coefficient by coefficient, which in NTT form is the
 * ring's own.
 */
export type Limbs = Uint8Array;

/** The ring a polynomial lives in. */
export interface LimbRing {
  readonly degree: number;
  readonly primes: readonly bigint[];
}

export function limbBytes({ degree, primes }: LimbRing): number {
  return 8 * degree * primes.length;
}

/** @throws {CiphertextError} naming the length or the first coefficient that is not below its prime. */
export function checkLimbs(limbs: Limbs, ring: LimbRing, where: string): void {
  if (!(limbs instanceof Uint8Array)) throw new CiphertextError(`${where}: not a Uint8Array.`);
  const expected = limbBytes(ring);
  if (limbs.length !== expected)
    throw new CiphertextError(`${where}: length: ${limbs.length} bytes instead of ${expected}.`);
  const words = new Uint32Array(limbs.slice().buffer);
  eachPrime(ring, (prime, start, end) => {
    for (let at = start; at < end; at += 2) {
      if (atLeast(words[at + 1] as number, words[at] as number, prime))
        throw new CiphertextError(
          `${where}: coefficient ${(at - start) / 2} is not below its prime ${prime.value}.`,
        );
    }
  });
}

/** a + b mod each prime. */
export function addLimbs(a: Limbs, b: Limbs, ring: LimbRing): Limbs {
  const sum = new Uint32Array(a.slice().buffer);
  const other = new Uint32Array(b.slice().buffer);
  eachPrime(ring, (prime, start, end) => {
    for (let at = start; at < end; at += 2) {
      let low = (sum[at] as number) + (other[at] as number);
      let high = (sum[at + 1] as number) + (other[at + 1] as number);
      if (low >= 2 ** 32) {
        low -= 2 ** 32;
        high++;
      }
      if (atLeast(high, low, prime)) {
        low -= prime.low;
        high -= prime.high;
        if (low < 0) {
          low += 2 ** 32;
          high--;
        }
      }
      sum[at] = low;
      sum[at + 1] = high;
    }
  });
  return new Uint8Array(sum.buffer);
}

/** -a mod each prime. */
export function negateLimbs(a: Limbs, ring: LimbRing): Limbs {
  return mapLimbs(a, ring, (value, prime) => (value === 0n ? 0n : prime - value));
}

/** factor(p) · a mod each prime p. */
export function scaleLimbs(a: Limbs, ring: LimbRing, factor: (prime: bigint) => bigint): Limbs {
  const factors = new Map(ring.primes.map((prime) => [prime, factor(prime)]));
  return mapLimbs(a, ring, (value, prime) => (value * (factors.get(prime) as bigint)) % prime);
}

/**
 * A uniform polynomial by rejection from a source of random bytes.
 *
 * @param fill overwrites a buffer with fresh random bytes; the system's generator unless given
 */
export function uniformLimbs(
  ring: LimbRing,
  fill: (words: BigUint64Array<ArrayBuffer>) => void = (words) => randomFillSync(words),
): Limbs {
  const limbs = new BigUint64Array(ring.degree * ring.primes.length);
  const pool = new BigUint64Array(1024);
  let next = pool.length;
  ring.primes.forEach((prime, index) => {
    const mask = (1n << BigInt(prime.toString(2).length)) - 1n;
    for (let at = index * ring.degree; at < (index + 1) * ring.degree; ) {
      if (next === pool.length) {
        fill(pool);
        next = 0;
      }
      const candidate = (pool[next++] as bigint) & mask;
      if (candidate < prime) limbs[at++] = candidate;
    }
  });
  return new Uint8Array(limbs.buffer);
}

function mapLimbs(
  a: Limbs,
  ring: LimbRing,
  change: (value: bigint, prime: bigint) => bigint,
): Limbs {
  const values = new BigUint64Array(a.slice().buffer);
  ring.primes.forEach((prime, index) => {
    for (let at = index * ring.degree; at < (index + 1) * ring.degree; at++)
      values[at] = change(values[at] as bigint, prime);
  });
  return new Uint8Array(values.buffer);
}

interface SplitPrime {
  readonly value: bigint;
  readonly low: number;
  readonly high: number;
}

/** Calls `body` with the range of 32-bit words that belong to each prime. */
function eachPrime(
  { degree, primes }: LimbRing,
  body: (prime: SplitPrime, start: number, end: number) => void,
): void {
  primes.forEach((value, index) => {
    const prime = { value, low: Number(value & 0xffffffffn), high: Number(value >> 32n) };
    body(prime, 2 * index * degree, 2 * (index + 1) * degree);
  });
}

function atLeast(high: number, low: number, prime: SplitPrime): boolean {
  return high > prime.high || (high === prime.high && low >= prime.low);
}
