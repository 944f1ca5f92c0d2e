import { z } from 'zod';
import { type AttackContext, defineAttack, NotApplicable } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { answerEachVictim } from '../query/each-victim.ts';
import { agreement } from './agreement.ts';
import { CandidateGradients } from './candidate-gradients.ts';
import { labelShares } from './label-shares.ts';
import { likeSets } from './linkage.ts';
import { type ObservedSet, observedOf, shuffledWithinTensors } from './observed-sets.ts';

const params = z.strictObject({
  statistic: z
    .enum(['auc', 'jaccard'])
    .default('auc')
    .describe(
      'auc: chance that a chosen coordinate scores above another; jaccard: overlap of the set with the coordinates of the largest scores',
    ),
  score: z
    .enum(['gradient', 'drift'])
    .default('gradient')
    .describe(
      'gradient: |g_x|. drift: g_x ⊙ δ̂, MaskCrypt’s own score, with δ̂ read where it can be and g_x in its place elsewhere',
    ),
});
type Params = z.infer<typeof params>;

/**
 * What masks alone tell. Coordinates that a client wants encrypted are chosen by its data: a sample
 * whose gradient is large at just these coordinates may be among them; columns of the last layer that
 * are chosen name its classes; sets of two rounds that are alike may be one client's.
 */
export const maskLeakage = defineAttack({
  meta: {
    id: 'mask-leakage',
    version: 1,
    title: 'Mask leakage',
    source:
      'Ours; the score of a coordinate is MaskCrypt’s (TDSC 2024, Algorithm 2) or FedML-HE’s (2023, ' +
      '§2.3) for a single sample. Controls: a random mask (the defense random), and the same set ' +
      'shuffled within each tensor.',
    params,
    kind: 'membership',
    adversaries: readingAdversaries,
  },
  async run(view, aux, context) {
    const { model, engine, random } = context;
    const gradients = await CandidateGradients.open(model, engine);
    try {
      return await answerEachVictim(aux, context, async ({ client, round, candidates }) => {
        const observed = observedOf(view, client);
        const last = observed.at(-1);
        if (!last)
          throw new NotApplicable(
            'Nothing or everything is encrypted, so the mask says nothing about anybody’s data.',
          );
        const scores = new Float64Array(candidates.count);
        const control = new Float64Array(candidates.count);
        for (const one of observed) {
          const stream = random.derive('mask-leakage', client, one.round);
          const shuffled = shuffledWithinTensors(one.set, model.layout, stream);
          const { weights, score } = scoring(view, one, context);
          await gradients.each(weights, candidates, context.signal, (gradient, at) => {
            const scored = score(gradient);
            const add = (sums: Float64Array, set: Uint8Array) => {
              sums[at] =
                (sums[at] as number) +
                agreement(context.params.statistic, scored, set) / observed.length;
            };
            add(scores, one.set);
            add(control, shuffled);
          });
        }
        const shares = labelShares(model.layout, observed);
        const alike = likeSets(view, observed.find((one) => one.round === round) ?? last);
        return {
          scores,
          control,
          ...(shares && { labelShares: shares }),
          ...(alike && { alike }),
        };
      });
    } finally {
      gradients.close();
    }
  },
});

/** Where a candidate's gradient is taken, and what it makes of a coordinate. */
function scoring(
  view: ServerView,
  { client, round, own }: ObservedSet,
  { expose, params }: AttackContext<Params>,
): { readonly weights: Float32Array; score(gradient: Float32Array): Float32Array } {
  const exposure = expose({ client, round });
  const absolute = (gradient: Float32Array) => gradient.map(Math.abs);
  // A mask that never changes was chosen on the initial model.
  const chosenOnce = !own && view.rounds.every(({ mask }) => sameSet(mask, view.rounds[0]?.mask));
  if (chosenOnce && view.rounds.length > 1) return { weights: view.initialModel, score: absolute };
  const { start, model, scored, learningRate, localSteps } = exposure;
  if (params.score === 'gradient') return { weights: model, score: absolute };
  const scale = 1 / (learningRate * localSteps);
  return {
    weights: model,
    score: (gradient) =>
      gradient.map((g, at) => {
        const drift =
          scored[at] === 1 ? scale * ((start[at] as number) - (model[at] as number)) : g;
        return g * drift;
      }),
  };
}

function sameSet(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.every((bit, at) => bit === b?.[at]);
}
