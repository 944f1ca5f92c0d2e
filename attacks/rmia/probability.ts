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
  const out = meanProbability(answers.out);
  return mode === 'online' ? (meanProbability(answers.in) + out) / 2 : offlinePrior(out, a);
}

function offlinePrior(out: number, a: number): number {
  return ((1 + a) * out + 1 - a) / 2;
}

/** Mean p of confidences φ; never 0, which far in the tail every probability may round to. */
function meanProbability(phi: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < phi.length; at++) sum += Math.exp(logProbability(phi[at] as number));
  return Math.max(sum / phi.length, Number.MIN_VALUE);
}

/**
 * The `a` of 0, .1 … 1 that finds most of the members of the attacker's own reference models: each is
 * attacked offline with the help of the others, and its members are known. The first of several.
 */
export function tuneA(models: readonly OwnAnswers[]): number {
  const targets = models.map(({ phi, members }, target) => ({
    members,
    logP: phi.map(logProbability),
    out: phi.map((_, sample) =>
      meanProbability(
        models.flatMap((other, at) =>
          at !== target && other.members[sample] === 0 ? [other.phi[sample] as number] : [],
        ),
      ),
    ),
  }));
  const meanAuc = (a: number) =>
    targets.reduce((sum, { members, logP, out }) => {
      const scores = logP.map((value, at) => value - Math.log(offlinePrior(out[at] as number, a)));
      return sum + weightedAuc({ scores, members })(new Float64Array(scores.length).fill(1));
    }, 0) / targets.length;
  const tried = Array.from({ length: 11 }, (_, tenths) => tenths / 10);
  const found = tried.map(meanAuc);
  return tried[found.indexOf(Math.max(...found))] as number;
}
