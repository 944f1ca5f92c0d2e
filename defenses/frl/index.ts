import { z } from 'zod';
import { defineDefense, type UpdateTransform } from '../../src/api/defense.ts';
import { edgePopup } from '../../src/models/edge-popup.ts';
import { rankWithinLayers, scoresByRank } from './ranking.ts';

/**
 * Clients send how they rank a layer's edges; the server adds the ranks up and ranks the sums (Vote).
 * Whoever knows the global scores knows all layers' scores but for their order, so that a ranking can
 * be read as a model.
 */
const vote: UpdateTransform<undefined> = {
  transform: ({ localModel, layout }) => ({ values: rankWithinLayers(localModel, layout) }),
  asModel: (ranks, { globalModel, layout }) => scoresByRank(ranks, globalModel, layout),
  conclude: (meanRanks, { globalModel, layout }) => scoresByRank(meanRanks, globalModel, layout),
};

/** Rankings of edges are exchanged instead of weights; no encryption. */
export const frl = defineDefense({
  meta: {
    id: 'frl',
    version: 1,
    title: 'Federated rank learning',
    source:
      'Mozaffari et al., "Every Vote Counts: Ranking-Based Training of Federated Learning to Resist Poisoning Attacks" (USENIX Security 2023), Algorithms 1 and 2: edge-popup scores over frozen signed Kaiming constants, sum of ranks as the vote; baseline of MASER (2025). Paper and code train with learning rate .4 over 5 local epochs, the code also with momentum .9, weight decay 1e-4 and batches of 8: here the federation’s settings count, without momentum.',
    params: z.strictObject({
      kept: z
        .number()
        .positive()
        .max(1)
        .default(0.5)
        .describe('Share of each layer’s edges in use, those of the highest scores, 0 … 1'),
    }),
  },
  keys: () => ({ setup: 'none' }),
  scheme: () => 'plain',
  mask: {
    when: () => 'once',
    agree: ({ size }) => new Uint8Array(size),
  },
  model:
    ({ kept }) =>
    (base, random) =>
      edgePopup(base, kept, random),
  transform: () => vote,
  weighting: () => 'uniform',
  serverLearns: () => 'aggregate',
  targetRatio: () => 0,
  trust: {
    encrypted: 'nothing',
    key: 'none',
    serverLearns: 'every client’s ranking of the edges of each layer, and every global ranking',
    brokenBy: 'anyone who sees the traffic, as far as rankings tell',
  },
});
