import { z } from 'zod';
import { defineAttack } from '../../src/api/attack.ts';
import { scoreEachVictim } from '../query/each-victim.ts';
import { logProbabilities } from '../query/logits.ts';

/** Members have a smaller loss: the score is the exposed model's −loss on the candidate. */
export const lossThreshold = defineAttack({
  meta: {
    id: 'loss-threshold',
    version: 1,
    title: 'Loss threshold',
    source:
      'Yeom et al. 2018 (membership by a threshold on the loss); the threshold is left to the metric.',
    params: z.strictObject({}),
    kind: 'membership',
    adversaries: ['stale', 'global-fill', 'mask-aware', 'oracle'],
  },
  run: (_view, aux, context) =>
    scoreEachVictim(aux, context, (logits, label) => logProbabilities(logits)[label] as number),
});
