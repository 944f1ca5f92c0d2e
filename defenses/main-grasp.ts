import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { jointKeyParams, jointKeys, jointKeyTrust, leakOf } from './maser/joint-keys.ts';
import { bogusParams, withBogusClients } from './selection/bogus-masks.ts';
import { pruneByGradientFlow } from './selection/grasp.ts';
import { majorityVote } from './selection/majority-vote.ts';

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

/** MASER with a mask made once, before training: each client keeps what its gradient flow needs. */
export const mainGrasp = defineDefense<z.infer<typeof params>>({
  meta: {
    id: 'main-grasp',
    version: 1,
    title: 'MAIN-GraSP',
    source:
      'Baseline MAIN-GraSP of MASER (Al Omar et al., 2025): the mask is made at initialisation with the scores of GraSP (Wang et al., ICLR 2020). How clients’ masks are merged is not said; here by MASER’s majority vote. As in MASER, pruned weights start each round at 0 and are cut again, they are not frozen.',
    params,
  },
  keys: jointKeys,
  scheme: () => 'ckks-threshold',
  mask: withBogusClients(
    {
      when: () => 'before-training',
      propose: async (client, _, { kappa }) =>
        pruneByGradientFlow(
          client.localModel,
          await client.hessianGradient(),
          client.layout,
          kappa,
        ),
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
    encrypted: 'all that travels: the weights of the mask, and biases; the rest is not sent',
    ...jointKeyTrust,
    serverLearns:
      'every client’s local mask once (which depends on its data), the global mask, every global model in plaintext; no update',
  },
});
