import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { topPacks } from './selection/packs.ts';
import { sharedKey } from './trust.ts';

/** Weights of one ciphertext of the parameter set. */
const packSize = 4096;

/** Each client sends its heaviest packs of weights only; what nobody sends stays as each has it. */
export const fedphe = defineDefense({
  meta: {
    id: 'fedphe',
    version: 1,
    title: 'FedPHE',
    source:
      'FedPHE (Yan et al., INFOCOM 2024): packed CKKS with sparsification by packs, weighted per pack by the clients that sent it. Client selection by sketches and clusters is left out. The released code pads the last pack with zeros, which lowers its mean; here it is the mean of the weights it has.',
    params: z.strictObject({
      share: z
        .number()
        .min(0)
        .max(1)
        .default(0.2)
        .describe('Share of its packs that a client sends, those of the largest mean |w|, 0 … 1'),
    }),
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: () => 'every-round',
    individual: () => true,
    propose: async ({ localModel }, _, { share }) => topPacks(localModel, packSize, share),
    proposalFormat: { packs: packSize },
  },
  rest: () => 'kept',
  serverLearns: () => 'plain-part',
  trust: {
    encrypted: `all that travels: of each update its heaviest packs of ${packSize} weights`,
    key: sharedKey.key,
    serverLearns: 'which packs each client sends; no weight, no global model',
    brokenBy: sharedKey.brokenBy,
  },
});
