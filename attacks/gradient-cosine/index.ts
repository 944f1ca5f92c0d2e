import { z } from 'zod';
import { defineAttack } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { answerEachVictim } from '../query/each-victim.ts';
import { roundsOf } from '../query/victim-rounds.ts';
import { UpdateMeasure } from './update-measure.ts';

const params = z.strictObject({
  statistic: z
    .enum(['cosine', 'difference', 'loss'])
    .default('cosine')
    .describe(
      'cosine: cos(∇ℓ(x), Δ); difference: ‖Δ‖² − ‖Δ − ∇ℓ(x)‖²; loss: −ℓ(x) on the exposed model',
    ),
  rounds: z
    .enum(['all', 'last'])
    .default('all')
    .describe('mean over all rounds the victim took part in, or the last of them only'),
});

/** A member's gradient at the start of a round is part of the update; another sample's is not. */
export const gradientCosine = defineAttack({
  meta: {
    id: 'gradient-cosine',
    version: 1,
    title: 'Gradient cosine',
    source:
      'Li, Li & Ribeiro 2023, "Effective Passive Membership Inference Attacks in Federated Learning ' +
      'Against Overparameterized Models" (cosine attack, gradient-diff attack); loss series: Gu et ' +
      'al. 2022, as the baseline of FedMIA (Zhu et al. 2025). Differs: only scored coordinates ' +
      'count; the gradient is taken where the round began; Δ is scaled to the sum over samples.',
    params,
    kind: 'membership',
    adversaries: readingAdversaries,
  },
  async run(view, aux, context) {
    const { params, expose, signal } = context;
    const measure = await UpdateMeasure.open(context.model, context.engine);
    try {
      return await answerEachVictim(aux, context, async ({ client, round, candidates }) => {
        const rounds = params.rounds === 'last' ? [round] : roundsOf(view, client);
        const scores = new Float64Array(candidates.count);
        for (const at of rounds) {
          const exposures = [expose({ client, round: at })];
          const [values] = await measure.of(params.statistic, exposures, candidates, signal);
          values?.forEach((value, candidate) => {
            scores[candidate] = (scores[candidate] as number) + value / rounds.length;
          });
        }
        return { scores };
      });
    } finally {
      await measure.close();
    }
  },
});
