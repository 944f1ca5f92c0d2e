import type { MembershipOutput } from '../api/attack.ts';
import type { Cluster } from '../stats/bootstrap.ts';
import { bestThreshold } from '../stats/threshold.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import { clusteredMetric } from './clustered.ts';
import { candidateCount, memberStrata, victims } from './membership.ts';

/**
 * (TPR + TNR) / 2 with thresholds from held-out candidates: each half of a victim's candidates is
 * judged by the threshold that is best on the other half. A threshold fitted on the candidates it
 * judges would average 52.6 % on pure noise (250 members, 250 non-members).
 */
export const balancedAccuracy = clusteredMetric<MembershipOutput>({
  meta: {
    id: 'balanced-accuracy',
    version: 2,
    title: 'Membership balanced accuracy',
    unit: 'share',
    kind: 'membership',
    higherMeansMoreLeakage: true,
    source: 'Two-fold cross-fitted threshold per victim client, mean over victims; .5 is guessing',
  },
  clusters: (output, truth) => crossFittedClusters(output, truth, ([tpr, tnr]) => (tpr + tnr) / 2),
  samples: candidateCount,
  baselines: () => ({ chance: 0.5 }),
  guessing: { value: 0.5, margin: 0.02 },
});

/**
 * Per victim a statistic of its true positive and true negative rate.
 *
 * @param of the statistic, from [TPR, TNR]
 */
export function crossFittedClusters(
  output: MembershipOutput,
  truth: GroundTruth,
  of: (rates: readonly [tpr: number, tnr: number]) => number,
): Cluster[] {
  return victims(output, truth).map(({ answer, truth: { members } }) => {
    const right = crossFittedDecisions(answer.scores, members);
    const strata = memberStrata(members);
    return {
      strata,
      statistic: (counts) => {
        const shareRight = (stratum: Uint32Array) => {
          let hits = 0;
          let total = 0;
          for (const at of stratum) {
            hits += (counts[at] as number) * (right[at] as number);
            total += counts[at] as number;
          }
          return hits / total;
        };
        const [ofMembers, ofOthers] = strata;
        return of([shareRight(ofMembers), shareRight(ofOthers)]);
      },
    };
  });
}

/** 1 where the candidate is judged rightly by the threshold of the other half. */
function crossFittedDecisions(scores: Float64Array, members: Uint8Array): Uint8Array {
  const halves = [0, 1].map((half) =>
    memberStrata(members).flatMap((stratum) => [...stratum].filter((_, at) => at % 2 === half)),
  ) as [number[], number[]];
  const right = new Uint8Array(scores.length);
  for (const [judged, fitted] of [halves, [halves[1], halves[0]]] as const) {
    const threshold = bestThreshold(
      fitted.map((at) => scores[at] as number),
      fitted.map((at) => members[at] as number),
    );
    for (const at of judged)
      right[at] = (scores[at] as number) >= threshold === (members[at] === 1) ? 1 : 0;
  }
  return right;
}
