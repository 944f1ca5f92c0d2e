import { z } from 'zod';
import { defineDefense } from '../../src/api/defense.ts';
import { coordinateSet } from '../../src/view/coordinate-set.ts';
import { encryptRatio, globalModel, maskSize } from '../parameters.ts';
import { maskConsensus } from '../selection/consensus.ts';
import { ExposedWeights } from './exposed-weights.ts';
import { selectMask } from './mask-selection.ts';

const params = z.strictObject({
  ratio: encryptRatio.default(0.05),
  consensus: z
    .enum(['top', 'union'])
    .default('top')
    .describe(
      'top: the first ρN coordinates of the interleaved proposals (Algorithm 1). union: all of them, as the released code does',
    ),
  globalModel,
});

/** Each client proposes the coordinates whose old values mislead an attacker most. */
export const maskcrypt = defineDefense<z.infer<typeof params>, ExposedWeights>({
  meta: {
    id: 'maskcrypt',
    version: 1,
    title: 'MaskCrypt',
    source:
      'MaskCrypt (IEEE TDSC 2024), Algorithms 1 and 2. The released code never truncates the consensus to ρN (consensus: union). Keys are shared as in §6.1 and the code; §3.3 gives each client its own. Proposals travel as ordered lists, because a bitmap loses the order that Algorithm 1 needs.',
    params,
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: () => 'every-round',
    remember: (initialModel) => new ExposedWeights(initialModel),
    async propose(client, exposed, { ratio }) {
      exposed.receive(client.globalModel, client.previousMask);
      const count = maskSize(ratio, client.layout.size);
      return selectMask(await client.gradient(), exposed.values, client.localModel, count);
    },
    agree({ proposals, size }, { ratio, consensus }) {
      const count = maskSize(ratio, size);
      return coordinateSet(size, maskConsensus(proposals, count, size, consensus));
    },
    conclude: (client, mask, exposed) => exposed.send(client.localModel, mask),
  },
  serverLearns: (params) => params.globalModel,
  targetRatio: ({ ratio }) => ratio,
});
