import { z } from 'zod';
import { defineAttack } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { confidence } from '../query/confidence.ts';
import { PREPARED, scoreEachVictim } from '../query/each-victim.ts';
import { type ReferenceAnswers, referencesFor } from '../shadow/reference-models.ts';
import { referenceMode, referenceParams } from '../shadow/reference-params.ts';
import { fitNormal, logDensity, type PooledVariance, pooledVariance } from './likelihood.ts';

const params = z.strictObject({
  ...referenceParams,
  mode: referenceMode.default('online'),
  variance: z
    .enum(['fixed', 'per-sample'])
    .default('fixed')
    .describe('one variance for all samples (few models), or one for each (the paper: from 64 on)'),
});

/**
 * Likelihood ratio: is the exposed model's confidence on the candidate more like that of models
 * trained on it, or like that of models that were not?
 */
export const lira = defineAttack({
  meta: {
    id: 'lira',
    version: 1,
    title: 'LiRA',
    source:
      'Carlini et al. 2022, "Membership Inference Attacks From First Principles", algorithm 1 ' +
      '(online), §V-B (offline), §VI-A (fixed variance); one query per candidate. Differs: the ' +
      'fixed variance is that within samples; offline scores are standardised confidences, whose ' +
      "order is the paper's.",
    params,
    kind: 'membership',
    adversaries: [...readingAdversaries, 'in-the-loop'],
  },
  async run(view, aux, context) {
    const { params } = context;
    const referencesOf = await referencesFor(view, aux, context);
    const score = params.mode === 'online' ? logLikelihoodRatio : standardisedConfidence;
    return scoreEachVictim(
      aux,
      context,
      async (victim, at) => {
        const { references, candidates } = await referencesOf(victim, at);
        const all = references.candidates.flat();
        const fixed = params.variance === 'fixed' ? pooledVariance(all) : undefined;
        return ({ logits, label, candidate }) =>
          score(confidence(logits, label), candidates[candidate] as ReferenceAnswers, fixed);
      },
      PREPARED,
    );
  },
});

/** ln p(φ | in) − ln p(φ | out). */
function logLikelihoodRatio(phi: number, answers: ReferenceAnswers, fixed?: PooledVariance) {
  return (
    logDensity(fitNormal(answers.in, fixed?.in), phi) -
    logDensity(fitNormal(answers.out, fixed?.out), phi)
  );
}

/** (φ − μ_out) / σ_out, which orders candidates as P(Z < φ) does but never rounds to 1. */
function standardisedConfidence(phi: number, { out }: ReferenceAnswers, fixed?: PooledVariance) {
  const { mean, variance } = fitNormal(out, fixed?.out);
  return (phi - mean) / Math.sqrt(variance);
}
