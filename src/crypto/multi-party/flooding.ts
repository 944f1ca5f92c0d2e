import { randomFillSync } from 'node:crypto';
import type { LimbRing, Limbs } from './limbs.ts';

/**
 * Flooding noise: N coefficients uniform in [-2^bits, 2^bits) from the system's generator, as
 * residues (not in NTT form).
 */
export function floodingNoise(ring: LimbRing, bits: number): Limbs {
  const { degree, primes } = ring;
  const low = randomFillSync(new BigUint64Array(degree));
  const high = randomFillSync(new BigUint64Array(degree));
  const mask = (1n << BigInt(bits + 1)) - 1n;
  const half = 1n << BigInt(bits);
  const limbs = new BigUint64Array(degree * primes.length);
  for (let at = 0; at < degree; at++) {
    const wide = ((high[at] as bigint) << 64n) | (low[at] as bigint);
    const noise = (wide & mask) - half;
    primes.forEach((prime, index) => {
      const residue = noise % prime;
      limbs[index * degree + at] = residue < 0n ? residue + prime : residue;
    });
  }
  return new Uint8Array(limbs.buffer);
}
