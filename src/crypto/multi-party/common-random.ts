import { createHash } from 'node:crypto';
import { type LimbRing, type Limbs, uniformLimbs } from './limbs.ts';

/**
 * The common random polynomial a of all parties' public keys, expanded from a public seed with
 * SHAKE256 and rejection per prime, so that nobody can have chosen it.
 */
export function commonRandomPolynomial(seed: Uint8Array, ring: LimbRing): Limbs {
  let block = 0;
  return uniformLimbs(ring, (words) => {
    const digest = createHash('shake256', { outputLength: words.byteLength })
      .update('hefl common random polynomial')
      .update(seed)
      .update(Uint8Array.of(block & 255, (block >> 8) & 255, (block >> 16) & 255))
      .digest();
    new Uint8Array(words.buffer).set(digest);
    block++;
  });
}
