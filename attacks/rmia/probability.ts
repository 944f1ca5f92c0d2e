import { weightedAuc } from '../../src/stats/weighted-auc.ts';
import { logProbability } from '../query/confidence.ts';
import type { OwnAnswers, ReferenceAnswers } from '../shadow/reference-models.ts';

/**
 * Pr(x), how probable a sample's label is whether or not it was trained on: online the mean over models
 * trained on it and models not; offline ½((1 + a)·Pr(x | out) + 1 − a), between the latter and the mean
 * of the latter and 1.
 */
export function priorProbability(
  answers: ReferenceAnswers,
  { mode, a }: { readonly mode: 'online' | 'offline'; readonly a: number },
): number {
  const mean = (phi: Float64Array) =>
    phi.reduce((sum, value) => sum + Math.exp(logProbability(value)), 0) / phi.length;
  const prior =
    mode === 'online'
      ? (mean(answers.in) + mean(answers.out)) / 2
      : ((1 + a) * mean(answers.out) + 1 - a) / 2;
  // Far in the tail every probability may round to 0.
  return Math.max(prior, Number.MIN_VALUE);
}

/**
 * The `a` of 0, .1 … 1 that finds most of the members of the attacker's own reference models: each is
 * attacked offline with the help of the others, and its members are known. The first of several.
 */
export function tuneA(models: readonly OwnAnswers[]): number {
  const meanAuc = (a: number) =>
    models.reduce((sum, { phi, members }, target) => {
      const ratios = phi.map((value, sample) => {
        const out = models.flatMap((other, at) =>
          at !== target && other.members[sample] === 0 ? [other.phi[sample] as number] : [],
        );
        const answers = { in: new Float64Array(0), out: Float64Array.from(out) };
        return logProbability(value) - Math.log(priorProbability(answers, { mode: 'offline', a }));
      });
      return sum + weightedAuc({ scores: ratios, members })(new Float64Array(phi.length).fill(1));
    }, 0) / models.length;
  const tried = Array.from({ length: 11 }, (_, tenths) => tenths / 10);
  const found = tried.map(meanAuc);
  return tried[found.indexOf(Math.max(...found))] as number;
}
