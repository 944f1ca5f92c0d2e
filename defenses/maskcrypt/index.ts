import { z } from 'zod';
import { defineDefense } from '../../src/api/defense.ts';
import { coordinateSet } from '../../src/view/coordinate-set.ts';
import { efficiency, efficient } from '../efficiency/index.ts';
import { consensus, encryptRatio, globalModel, maskSize } from '../parameters.ts';
import { bogusParams, withBogusClients } from '../selection/bogus-masks.ts';
import { maskConsensus } from '../selection/consensus.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from '../trust.ts';
import { ExposedWeights } from './exposed-weights.ts';
import { guidedProposal } from './guided-proposal.ts';

const params = z
  .strictObject({
    ratio: encryptRatio.default(0.05),
    consensus,
    keys: z
      .enum(['shared', 'per-client'])
      .default('shared')
      .describe(
        'shared: one key pair for all clients (§6.1 and the code). per-client: block j of the mask is encrypted under client j’s key, who decrypts its aggregate (§3.3)',
      ),
    scheme: z
      .enum(['ckks-tenseal', 'bfv-maskcrypt', 'bfv-pack23'])
      .default('ckks-tenseal')
      .describe('ckks-tenseal and bfv-maskcrypt are the paper’s; bfv-pack23 is optimised'),
    range: z
      .number()
      .positive()
      .default(1)
      .describe('bfv-pack23 only: weights are clipped to ± this before they are packed'),
    efficiency,
    globalModel,
    ...bogusParams,
  })
  .refine(({ keys, globalModel }) => keys === 'shared' || globalModel === 'aggregate', {
    path: ['globalModel'],
    message:
      'must be aggregate with per-client keys: every client returns its decrypted block to the server (§3.3)',
  });

/** Each client proposes the coordinates whose old values mislead an attacker most. */
export const maskcrypt = defineDefense<z.infer<typeof params>, ExposedWeights>({
  meta: {
    id: 'maskcrypt',
    version: 2,
    title: 'MaskCrypt',
    source:
      'MaskCrypt (IEEE TDSC 2024), Algorithms 1 and 2. Paper and released code differ twice: the code never truncates the consensus to ρN (consensus: union), and it shares one key pair, as §6.1 does, where §3.3 gives each client its own (keys: per-client). Proposals travel as ordered lists, because a bitmap loses the order that Algorithm 1 needs.',
    params,
  },
  keys: ({ keys }) => ({ setup: keys }),
  scheme: ({ scheme }) => scheme,
  schemeOptions: ({ scheme, range }) => (scheme === 'bfv-pack23' ? { range } : {}),
  mask: withBogusClients(
    {
      when: () => 'every-round',
      remember: (initialModel) => new ExposedWeights(initialModel),
      propose: (client, exposed, { ratio }) => guidedProposal(client, exposed, ratio),
      agree({ proposals, size }, { ratio, consensus }) {
        const count = maskSize(ratio, size);
        return coordinateSet(size, maskConsensus(proposals, count, size, consensus));
      },
      conclude: (client, mask, exposed) => exposed.send(client.localModel, mask),
    },
    ({ layout }, { ratio }) => maskSize(ratio, layout.size),
  ),
  ...efficient,
  serverLearns: ({ globalModel }) => globalModel,
  targetRatio: ({ ratio }) => ratio,
  trust: {
    encrypted: 'ρN coordinates, agreed by all clients each round (consensus: union encrypts more)',
    key: `shared: ${sharedKey.key}. per-client: block j of the mask under client j’s key`,
    serverLearns: `the rest of every update in plaintext, the mask, every client’s ordered proposal (which depends on its data), ${globalModelsAsSet}`,
    brokenBy: `shared: ${sharedKey.brokenBy}; ${decryptedValuesReturned}. per-client: c colluding clients open c/K of what everybody encrypted`,
  },
});
