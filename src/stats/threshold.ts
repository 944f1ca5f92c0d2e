import { byFallingScore, tied } from './roc.ts';

/**
 * The score from which on "member" is said that maximises TPR − FPR; midway between two scores.
 * +Infinity where no threshold is better than never saying it.
 *
 * @param members 1 = member; same order as the scores
 */
export function bestThreshold(scores: ArrayLike<number>, members: ArrayLike<number>): number {
  const order = byFallingScore(scores);
  let positives = 0;
  for (let at = 0; at < members.length; at++) positives += members[at] as number;
  const negatives = members.length - positives;
  let best = 0;
  let threshold = Number.POSITIVE_INFINITY;
  let advantage = 0;
  order.forEach((index, at) => {
    advantage += members[index] === 1 ? 1 / positives : -1 / negatives;
    const score = scores[index] as number;
    const next = order[at + 1];
    const below = next === undefined ? Number.NEGATIVE_INFINITY : (scores[next] as number);
    if (!(next !== undefined && tied(score, below)) && advantage > best) {
      best = advantage;
      threshold = Number.isFinite(below) ? (score + below) / 2 : score;
    }
  });
  return threshold;
}
