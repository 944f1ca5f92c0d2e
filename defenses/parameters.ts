import { z } from 'zod';

/** ρ, the share of coordinates asked to be encrypted. */
export const encryptRatio = z
  .number()
  .min(0)
  .max(1)
  .describe('Encrypt ratio ρ: share of the coordinates that is encrypted, 0 … 1');

const globalModelChoice = z
  .enum(['aggregate', 'plain-part'])
  .describe(
    'What the server gets of each new global model: all of it, because a client returns the decrypted values (MaskCrypt §3.3), or its plaintext coordinates only, because clients decrypt for themselves',
  );

/** What the server is given of each new global model; as in MaskCrypt unless the defense says otherwise. */
export const globalModel = globalModelChoice.default('aggregate');

/** The same where the global model stays encrypted for the server (FedML-HE, Algorithm 1). */
export const globalModelKeptEncrypted = globalModelChoice.default('plain-part');

/** How often the mask is made. */
export const refresh = z
  .enum(['round', 'once'])
  .default('round')
  .describe('Make a new mask each round, or keep that of the first round');

/** Which coordinates a consensus takes over from the clients' proposals. */
export const consensus = z
  .enum(['top', 'union'])
  .default('top')
  .describe(
    'top: the first ρN coordinates of the interleaved proposals (MaskCrypt, Algorithm 1). union: all of them, as its released code does',
  );

/** ρN as a whole number of coordinates. */
export function maskSize(ratio: number, size: number): number {
  return Math.round(ratio * size);
}
