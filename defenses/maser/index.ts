import { z } from 'zod';
import { defineDefense } from '../../src/api/defense.ts';
import { bogusParams, withBogusClients } from '../selection/bogus-masks.ts';
import { pruneByMagnitude } from '../selection/magnitude-pruning.ts';
import { majorityVote } from '../selection/majority-vote.ts';
import { jointKeyParams, jointKeys, jointKeyTrust, leakOf } from './joint-keys.ts';

const params = z.strictObject({
  kappa: z
    .number()
    .positive()
    .max(100)
    .default(10)
    .describe('κ: percent of the weights that a client keeps; biases are kept besides'),
  ...jointKeyParams,
  ...bogusParams,
});

/** Only the weights that most clients keep travel, encrypted under a key that nobody holds alone. */
export const maser = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'maser',
    version: 1,
    title: 'MASER',
    source:
      'MASER (Al Omar et al., 2025), magnitude pruning, majority vote, slices, xMKCKKS. Encryption is the correct one, c0 = v·b + m + e0; the printed equation omits v and would show the message. The released code keeps ciphertexts under each client’s own key, discards the aggregated key and adds no flooding noise, which shows the server every model and key (keys: own-key, or flooding: false).',
    params,
  },
  keys: jointKeys,
  scheme: () => 'ckks-threshold',
  mask: withBogusClients(
    {
      when: () => 'every-round',
      propose: async ({ localModel, layout }, _, { kappa }) =>
        pruneByMagnitude(localModel, layout, kappa),
      proposalFormat: 'bitmap',
      agree: ({ proposals, size }) => majorityVote(proposals, size),
    },
    ({ layout }, { kappa }) => Math.round((kappa / 100) * layout.size),
  ),
  rest: () => 'zero',
  weighting: () => 'uniform',
  serverLearns: () => 'aggregate',
  insecure: leakOf,
  trust: {
    encrypted: 'all that travels: the weights most clients keep, and biases; the rest is not sent',
    ...jointKeyTrust,
    serverLearns:
      'every client’s local mask (which weights are large), the global mask, every global model in plaintext; no update',
  },
});
