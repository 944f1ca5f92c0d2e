import { z } from 'zod';
import { defineDefense } from '../src/api/defense.ts';
import { coordinateSet } from '../src/view/coordinate-set.ts';
import { ExposedWeights } from './maskcrypt/exposed-weights.ts';
import { guidedProposal } from './maskcrypt/guided-proposal.ts';
import { encryptRatio, globalModel } from './parameters.ts';
import { decryptedValuesReturned, globalModelsAsSet, sharedKey } from './trust.ts';

const params = z.strictObject({ ratio: encryptRatio.default(0.05), globalModel });

/** What a client encrypted last; its exposed weights follow its own mask, not the union. */
interface Memory {
  readonly exposed: ExposedWeights;
  proposal: Uint32Array;
}

/** Every client encrypts its own choice; the aggregate is encrypted wherever anybody encrypted. */
export const individualMasking = defineDefense<z.infer<typeof params>, Memory>({
  meta: {
    id: 'individual-masking',
    version: 1,
    title: 'Individual masking',
    source:
      'MaskCrypt (IEEE TDSC 2024), §3.1, the straw man that motivates its consensus. Masks are chosen by Algorithm 2; ciphertexts are padded with zeros to the union, so the realised ratio is that of the union.',
    params,
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: () => 'every-round',
    individual: () => true,
    remember: (initialModel) => ({
      exposed: new ExposedWeights(initialModel),
      proposal: new Uint32Array(),
    }),
    async propose(client, memory, { ratio }) {
      memory.proposal = await guidedProposal(client, memory.exposed, ratio);
      return memory.proposal;
    },
    conclude: (client, mask, { exposed, proposal }) =>
      exposed.send(client.localModel, coordinateSet(mask.length, proposal)),
  },
  serverLearns: ({ globalModel }) => globalModel,
  targetRatio: ({ ratio }) => ratio,
  trust: {
    encrypted: 'of each update the ρN coordinates its client chose',
    key: sharedKey.key,
    serverLearns: `the rest of every update in plaintext, every client’s mask (which depends on its data), ${globalModelsAsSet}`,
    brokenBy: `${sharedKey.brokenBy}; ${decryptedValuesReturned}`,
  },
});
