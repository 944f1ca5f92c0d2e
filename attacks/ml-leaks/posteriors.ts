import { logProbabilities } from '../query/logits.ts';

/** Number of posteriors the attack looks at. */
export const TOP = 3;

/** The three largest class probabilities of one sample, descending; 0 where there are fewer classes. */
export function topPosteriors(logits: ArrayLike<number>): Float64Array {
  const descending = logProbabilities(logits).map(Math.exp).sort().reverse();
  return Float64Array.from({ length: TOP }, (_, rank) => descending[rank] ?? 0);
}
