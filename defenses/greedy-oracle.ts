import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { coordinateSet } from '../src/view/coordinate-set.ts';
import { ExposedWeights } from './maskcrypt/exposed-weights.ts';
import { encryptRatio, globalModel, maskSize } from './parameters.ts';
import { maskConsensus } from './selection/consensus.ts';
import { evaluations, greedySearch } from './selection/greedy-search.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from './trust.ts';

/** At some milliseconds each, a client searches for minutes at most. */
const mostEvaluations = 200_000;

const params = z.strictObject({
  ratio: encryptRatio.default(0.05),
  perSweep: z
    .int()
    .min(1)
    .default(1)
    .describe(
      'Coordinates taken from each sweep over all that are left; 1 is the greedy search, more is faster and cruder',
    ),
  globalModel,
});

/**
 * How far choosing coordinates can go: each client tries every coordinate for what encrypting it does
 * to the exposed model's loss.
 */
export const greedyOracle = defineDefense<z.infer<typeof params>, ExposedWeights>({
  meta: {
    id: 'greedy-oracle',
    version: 1,
    title: 'Greedy oracle mask',
    source:
      'Upper bound for MaskCrypt (IEEE TDSC 2024), whose Algorithm 2 is the first-order guess of what this searches by evaluation: the mask of a given size that maximises the loss of the exposed model. Greedy, so close to the best mask and not proven to be it. Agreed by Algorithm 1. For small models only.',
    params,
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: () => 'every-round',
    remember: (initialModel) => new ExposedWeights(initialModel),
    async propose(client, exposed, { ratio, perSweep }) {
      exposed.receive(client.globalModel, client.previousMask);
      const { size } = client.layout;
      const count = maskSize(ratio, size);
      requireFeasible(size, count, perSweep);
      return greedySearch({
        localModel: client.localModel,
        exposed: exposed.values,
        count,
        perSweep,
        loss: (model) => client.loss(model),
      });
    },
    agree: ({ proposals, size }, { ratio }) =>
      coordinateSet(size, maskConsensus(proposals, maskSize(ratio, size), size, 'top')),
    conclude: (client, mask, exposed) => exposed.send(client.localModel, mask),
  },
  serverLearns: ({ globalModel }) => globalModel,
  targetRatio: ({ ratio }) => ratio,
  trust: {
    encrypted: 'ρN coordinates, agreed by all clients each round',
    key: sharedKey.key,
    serverLearns: `the rest of every update in plaintext, the mask, every client’s ordered proposal (which depends on its data), ${globalModelsAsSet}`,
    brokenBy: `${sharedKey.brokenBy}; ${decryptedValuesReturned}`,
  },
});

/** @throws {RangeError} when a search takes longer than anybody waits. */
function requireFeasible(size: number, count: number, perSweep: number): void {
  const needed = evaluations(size, count, perSweep);
  if (needed > mostEvaluations)
    throw new RangeError(
      `greedy-oracle would evaluate the loss ${needed.toLocaleString('en')} times per client and round to choose ${count} of ${size.toLocaleString('en')} coordinates; its limit is ${mostEvaluations.toLocaleString('en')}. Use a smaller model, a smaller ratio, or a larger perSweep (perSweep: ${count} ranks all coordinates in one sweep of ${size.toLocaleString('en')}).`,
    );
}
