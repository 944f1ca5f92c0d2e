import type { RocCurve } from '../api/results.ts';

/** Scores of candidates with the answers: 1 = member. Higher scores claim membership. */
export interface LabelledScores {
  readonly scores: ArrayLike<number>;
  readonly members: ArrayLike<number>;
}

/** What a score claims. One that is no number claims nothing: it ranks with the lowest. */
function claim(score: number): number {
  return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
}

/** Whether two scores are tied: whatever ranks them equal must also count them equal. */
export function tied(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && claim(a) === claim(b);
}

/** Indices by falling score. */
export function byFallingScore(scores: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: scores.length }, (_, index) => index).sort((a, b) => {
    const [left, right] = [claim(scores[a] as number), claim(scores[b] as number)];
    return left === right ? 0 : left < right ? 1 : -1;
  });
}

/**
 * The receiver operating characteristic: one point per distinct score, from (0, 0) to (1, 1); tied
 * candidates move together, so that the area under straight lines is the tie-aware AUC.
 *
 * @throws {RangeError} when members or non-members are missing.
 */
export function rocCurve({ scores, members }: LabelledScores): RocCurve {
  const order = byFallingScore(scores);
  let positives = 0;
  for (let at = 0; at < members.length; at++) positives += members[at] as number;
  const negatives = members.length - positives;
  if (positives === 0 || negatives === 0)
    throw new RangeError(`a ROC curve of ${positives} members and ${negatives} non-members`);
  const curve: [number, number][] = [[0, 0]];
  let truePositives = 0;
  let falsePositives = 0;
  order.forEach((index, at) => {
    if (members[index] === 1) truePositives++;
    else falsePositives++;
    const next = order[at + 1];
    if (next === undefined || !tied(scores[index], scores[next]))
      curve.push([falsePositives / negatives, truePositives / positives]);
  });
  return curve;
}

/** The curve with at most `points` points, ends kept: small enough to embed in a report. */
export function thinCurve(curve: RocCurve, points = 200): RocCurve {
  if (curve.length <= points) return curve;
  const step = (curve.length - 1) / (points - 1);
  return Array.from(
    { length: points },
    (_, at) => curve[Math.round(at * step)] as readonly [number, number],
  );
}

/** Number of members above each threshold at which the false positive rate is at most `rate`. */
export function truePositivesAt(
  { scores, members }: LabelledScores,
  rate: number,
): { truePositives: number; members: number; nonMembers: number } {
  const curve = rocCurve({ scores, members });
  let positives = 0;
  for (let at = 0; at < members.length; at++) positives += members[at] as number;
  const best = curve.reduce((tpr, [fpr, point]) => (fpr <= rate ? Math.max(tpr, point) : tpr), 0);
  return {
    truePositives: Math.round(best * positives),
    members: positives,
    nonMembers: members.length - positives,
  };
}
