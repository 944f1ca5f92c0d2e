import { z } from 'zod';

/** ρ, the share of coordinates asked to be encrypted. */
export const encryptRatio = z
  .number()
  .min(0)
  .max(1)
  .describe('Encrypt ratio ρ: share of the coordinates that is encrypted, 0 … 1');

/** What the server is given of each new global model. */
export const globalModel = z
  .enum(['aggregate', 'plain-part'])
  .default('aggregate')
  .describe(
    'What the server gets of each new global model: all of it, because a client returns the decrypted values (MaskCrypt §3.3), or its plaintext coordinates only, because clients decrypt for themselves',
  );

/** ρN as a whole number of coordinates. */
export function maskSize(ratio: number, size: number): number {
  return Math.round(ratio * size);
}
