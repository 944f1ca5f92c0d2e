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

/**
 * The curve with at most `points` points, ends kept: small enough to embed in a report. Half of them
 * are spread evenly, half by the order of magnitude of the false positive rate, where a log-log plot
 * looks.
 */
export function thinCurve(curve: RocCurve, points = 200): RocCurve {
  if (curve.length <= points) return curve;
  const rates = Math.floor(points / 4);
  const even = points - 2 * rates;
  const kept = new Set<number>();
  for (let at = 0; at < even; at++) kept.add(Math.round((at * (curve.length - 1)) / (even - 1)));
  const smallest = curve.find(([fpr]) => fpr > 0)?.[0] as number;
  let next = 0;
  for (let at = 0; at < rates; at++) {
    const rate = smallest ** (1 - at / rates);
    while ((curve[next] as RocCurve[number])[0] < rate) next++;
    // Both ends of the step: the one before is where the curve has risen to.
    kept.add(Math.max(0, next - 1)).add(next);
  }
  return [...kept].sort((a, b) => a - b).map((at) => curve[at] as RocCurve[number]);
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
