import { z } from 'zod';
import { defineAttack } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { answerEachVictim } from '../query/each-victim.ts';
import { LogitsQuery, likeliest, logProbabilities } from '../query/logits.ts';

/**
 * Members have a smaller loss: the score is the exposed model's −loss on the candidate. As the
 * plainest question to the exposed model, it also reports the classes the model names.
 */
export const lossThreshold = defineAttack({
  meta: {
    id: 'loss-threshold',
    version: 1,
    title: 'Loss threshold',
    source:
      'Yeom et al. 2018 (membership by a threshold on the loss); the threshold is left to the metric.',
    params: z.strictObject({}),
    kind: 'membership',
    adversaries: readingAdversaries,
  },
  async run(_view, aux, context) {
    const { model, engine } = context;
    const query = await LogitsQuery.open(model, engine);
    try {
      return await answerEachVictim(aux, context, async ({ client, round, candidates }) => {
        const logits = await query.ask(context.expose({ client, round }).model, candidates);
        const rowOf = (at: number) => logits.subarray(at * model.classes, (at + 1) * model.classes);
        const scores = Float64Array.from(
          candidates.labels,
          (label, at) => logProbabilities(rowOf(at))[label] as number,
        );
        const predictedLabels = Int32Array.from(scores, (_, at) => likeliest(rowOf(at)));
        return { scores, predictedLabels };
      });
    } finally {
      query.close();
    }
  },
});
