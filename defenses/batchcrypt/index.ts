import { z } from 'zod';
import { defineDefense } from '../../src/api/defense.ts';
import { sharedKey } from '../trust.ts';
import { difference } from './difference.ts';

/** Updates of 8 bits per weight, many to a Paillier ciphertext. */
export const batchcrypt = defineDefense({
  meta: {
    id: 'batchcrypt',
    version: 1,
    title: 'BatchCrypt',
    source:
      'BatchCrypt (Zhang et al., USENIX ATC 2020), §4: clipping, 8-bit stochastic rounding, two’s complement with sign and carry bits, packed Paillier. Clients send differences to the global model. The clipping threshold is fixed; the paper fits one per layer (dACIQ).',
    params: z.strictObject({
      alpha: z
        .number()
        .positive()
        .default(0.5)
        .describe('α: a weight’s change is clipped to ± this before it is quantised'),
      realCiphertexts: z
        .int()
        .min(1)
        .optional()
        .describe(
          'For large models: so many of every 16 ciphertexts are real, the others are emulated by the integers inside. Results and bytes stay exact, seconds are extrapolated and marked so',
        ),
    }),
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'paillier-3072-batchcrypt',
  schemeOptions: ({ alpha, realCiphertexts }) => ({
    range: alpha,
    ...(realCiphertexts !== undefined && { realCiphertexts }),
  }),
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size).fill(1),
  },
  transform: () => difference,
  serverLearns: () => 'plain-part',
  targetRatio: () => 1,
  trust: {
    encrypted: 'all N weights’ changes',
    key: sharedKey.key,
    serverLearns: 'nothing but sizes: no update, no global model',
    brokenBy: sharedKey.brokenBy,
  },
});
