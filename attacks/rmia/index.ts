import { z } from 'zod';
import { defineAttack } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { confidences, logProbability } from '../query/confidence.ts';
import { answerEachVictim, PREPARED } from '../query/each-victim.ts';
import { LogitsQuery } from '../query/logits.ts';
import { type ReferenceAnswers, referencesFor } from '../shadow/reference-models.ts';
import { referenceMode, referenceParams } from '../shadow/reference-params.ts';
import { priorProbability, tuneA } from './probability.ts';

const params = z.strictObject({
  ...referenceParams,
  mode: referenceMode.default('offline'),
  gamma: z
    .number()
    .min(1)
    .default(1)
    .describe('how much likelier the candidate must be than a population sample to beat it'),
  a: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      "offline: weight of Pr(x | out) in Pr(x); by default the one that finds most members of the attacker's own reference models",
    ),
});

/**
 * Robust membership inference: the share of population samples that the candidate beats in a
 * likelihood ratio of exposed model to reference models.
 */
export const rmia = defineAttack({
  meta: {
    id: 'rmia',
    version: 1,
    title: 'RMIA',
    source:
      'Zarifzadeh, Liu & Shokri 2024, "Low-Cost High-Power Membership Inference Attacks", §3 (eq. 4, ' +
      "γ = 1; offline: Pr(x) ≈ ½((1 + a)·Pr(x | out) + 1 − a)). The population are the attacker's own " +
      'samples. Differs: probabilities are the softmax, without the margin of its appendix.',
    params,
    kind: 'membership',
    adversaries: [...readingAdversaries, 'in-the-loop'],
  },
  async run(view, aux, context) {
    const { model, engine, params } = context;
    const { mode, gamma } = params;
    const referencesOf = await referencesFor(view, aux, context);
    const query = await LogitsQuery.open(model, engine);
    try {
      return await answerEachVictim(
        aux,
        context,
        async (victim, at) => {
          const { references, candidates } = await referencesOf(victim, at);
          const a = mode === 'online' ? 1 : (params.a ?? tuneA(references.ownByModel));
          const { client, round } = victim;
          const exposed = context.expose({ client, round }).model;
          // ln of Pr(x | exposed model) / Pr(x).
          const logRatios = async (
            samples: LabelledSamples,
            answers: readonly ReferenceAnswers[],
          ) => {
            const phi = confidences(await query.ask(exposed, samples), samples.labels);
            return phi.map((value, sample) => {
              const prior = priorProbability(answers[sample] as ReferenceAnswers, { mode, a });
              return logProbability(value) - Math.log(prior);
            });
          };
          const population = (await logRatios(aux.shadow, references.own)).sort();
          const ratios = await logRatios(victim.candidates, candidates);
          const beaten = ratios.map((ratio) => countUpTo(population, ratio - Math.log(gamma)));
          return { scores: beaten.map((count) => count / population.length) };
        },
        PREPARED,
      );
    } finally {
      query.close();
    }
  },
});

/** How many of the rising values are at most `limit`. */
function countUpTo(rising: Float64Array, limit: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
