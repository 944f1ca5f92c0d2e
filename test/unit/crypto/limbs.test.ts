import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonRandomPolynomial } from '../../../src/crypto/multi-party/common-random.ts';
import { floodingNoise } from '../../../src/crypto/multi-party/flooding.ts';
import {
  addLimbs,
  checkLimbs,
  type Limbs,
  negateLimbs,
  uniformLimbs,
} from '../../../src/crypto/multi-party/limbs.ts';
import { splitSecret, weightShare } from '../../../src/crypto/multi-party/shamir.ts';

// The two data primes of ckks-threshold, and one small prime for corner cases.
const ring = { degree: 4, primes: [1152921504606683137n, 1152921504606748673n, 12289n] };

function limbs(values: readonly bigint[]): Limbs {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}

function values(polynomial: Limbs): bigint[] {
  return [...new BigUint64Array(polynomial.slice().buffer)];
}

const polynomial = fc
  .tuple(...ring.primes.map((p) => fc.array(fc.bigInt(0n, p - 1n), { minLength: 4, maxLength: 4 })))
  .map((perPrime) => perPrime.flat());

describe('limbs', () => {
  it('add and negate like integers modulo each prime', () => {
    fc.assert(
      fc.property(polynomial, polynomial, (a, b) => {
        const prime = (at: number) => ring.primes[Math.floor(at / 4)] as bigint;
        const sum = values(addLimbs(limbs(a), limbs(b), ring));
        expect(sum).toEqual(a.map((value, at) => (value + (b[at] as bigint)) % prime(at)));
        const zero = values(addLimbs(limbs(a), negateLimbs(limbs(a), ring), ring));
        expect(zero).toEqual(a.map(() => 0n));
      }),
    );
  });

  it('carry between the halves of a coefficient, and reduce the largest sums', () => {
    const wide = ring.primes.flatMap((p) => [p - 1n, 0xffffffffn % p, (1n << 32n) % p, 1n]);
    const sum = values(addLimbs(limbs(wide), limbs(wide), ring));
    expect(sum).toEqual(wide.map((v, at) => (2n * v) % (ring.primes[at >> 2] as bigint)));
  });

  it('are checked for length and range', () => {
    const good = limbs(ring.primes.flatMap((p) => [0n, 1n, p - 2n, p - 1n]));
    expect(() => checkLimbs(good, ring, 'share')).not.toThrow();
    expect(() => checkLimbs(good.slice(1), ring, 'share')).toThrow('share: length: 95 bytes');
    const bad = limbs(ring.primes.flatMap((p) => [0n, 1n, 2n, p === 12289n ? p : 0n]));
    expect(() => checkLimbs(bad, ring, 'share')).toThrow(
      'coefficient 3 is not below its prime 12289',
    );
  });

  it('are uniform below the prime', () => {
    const small = { degree: 20_000, primes: [5n] };
    const counts = [0, 0, 0, 0, 0];
    for (const value of values(uniformLimbs(small)))
      counts[Number(value)] = (counts[Number(value)] ?? 0) + 1;
    // Chi-square with 4 degrees of freedom stays below 33 but once in a million.
    const chiSquare = counts.reduce((sum, count) => sum + (count - 4000) ** 2 / 4000, 0);
    expect(chiSquare).toBeLessThan(33);
  });
});

it('expands the common random polynomial from its seed alone', () => {
  const large = { degree: 2048, primes: ring.primes };
  const [one, same, other] = [Uint8Array.of(1), Uint8Array.of(1), Uint8Array.of(2)].map((seed) =>
    commonRandomPolynomial(seed, large),
  );
  expect(one).toEqual(same);
  expect(one).not.toEqual(other);
  checkLimbs(one as Limbs, large, 'a');
  // Blocks of the expansion differ.
  expect(values(one as Limbs).slice(0, 1000)).not.toEqual(values(one as Limbs).slice(1024, 2024));
});

it('floods with the same noise modulo every prime, uniform over its whole range', () => {
  const wide = { degree: 4096, primes: ring.primes.slice(0, 2) };
  const noise = values(floodingNoise(wide, 50));
  const centred = (value: bigint, prime: bigint) => (value > prime / 2n ? value - prime : value);
  const [p, q] = wide.primes as [bigint, bigint];
  const integers = noise.slice(0, 4096).map((value) => centred(value, p));
  expect(noise.slice(4096).map((value) => centred(value, q))).toEqual(integers);
  const scaled = integers.map((value) => Number(value) / 2 ** 50);
  expect(Math.max(...scaled.map(Math.abs))).toBeLessThanOrEqual(1);
  const variance = scaled.reduce((sum, x) => sum + x * x, 0) / 4096;
  expect(variance).toBeGreaterThan(0.3);
  expect(variance).toBeLessThan(0.37);
});

it('restores a shared secret from any t shares and from no fewer', () => {
  fc.assert(
    fc.property(
      polynomial,
      fc.integer({ min: 1, max: 5 }),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 5 }),
      (secret, threshold, order) => {
        const shares = splitSecret(limbs(secret), ring, threshold, 6);
        const restore = (openers: readonly number[]) =>
          openers
            .map((party) => weightShare(shares[party] as Limbs, ring, party, openers))
            .reduce((sum, share) => addLimbs(sum, share, ring));
        expect(values(restore(order.slice(0, threshold)))).toEqual(secret);
        expect(values(restore(order))).toEqual(secret);
        if (threshold > 1)
          expect(values(restore(order.slice(0, threshold - 1)))).not.toEqual(secret);
      },
    ),
  );
});
