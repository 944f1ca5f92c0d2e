import { byFallingScore, type LabelledScores, tied } from './roc.ts';

/**
 * Area under the ROC curve as a function of how often each candidate counts, in one pass over
 * scores sorted once: what thousands of bootstrap resamples need. All counts 1 gives the plain
 * tie-aware AUC = P(member > non-member) + ½ P(equal).
 */
export function weightedAuc({ scores, members }: LabelledScores): (counts: Float64Array) => number {
  const order = byFallingScore(scores);
  const isMember = Uint8Array.from(order, (index) => members[index] as number);
  const endsTie = Uint8Array.from(order, (index, at) => {
    const next = order[at + 1];
    return next === undefined || !tied(scores[index], scores[next]) ? 1 : 0;
  });
  return (counts) => {
    let above = 0;
    let wins = 0;
    let tiedMembers = 0;
    let tiedNonMembers = 0;
    let nonMembers = 0;
    for (let at = 0; at < order.length; at++) {
      const count = counts[order[at] as number] as number;
      if (isMember[at] === 1) tiedMembers += count;
      else tiedNonMembers += count;
      if (endsTie[at] === 1) {
        wins += tiedNonMembers * (above + tiedMembers / 2);
        above += tiedMembers;
        nonMembers += tiedNonMembers;
        tiedMembers = 0;
        tiedNonMembers = 0;
      }
    }
    return wins / (above * nonMembers);
  };
}
