import type { MembershipOutput } from '../api/attack.ts';
import { weightedAuc } from '../stats/weighted-auc.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import { clusteredMetric } from './clustered.ts';
import { candidateCount, memberStrata, victims } from './membership.ts';

/** Chance that a member scores above a non-member of the same victim; ties count half. */
export const auc = clusteredMetric<MembershipOutput>({
  meta: {
    id: 'auc',
    version: 2,
    title: 'Membership AUC',
    unit: '',
    kind: 'membership',
    higherMeansMoreLeakage: true,
    source: 'Area under the ROC curve per victim client, mean over victims; .5 is guessing',
  },
  clusters: (output, truth) =>
    victims(output, truth).map(({ answer, truth: { members } }) => ({
      strata: memberStrata(members),
      statistic: weightedAuc({ scores: answer.scores, members }),
    })),
  samples: candidateCount,
  baselines: (output, truth) => ({ chance: 0.5, ...control(output, truth) }),
  guessing: { value: 0.5, margin: 0.02 },
});

/** What the attack scores against its control, where it has one. */
function control(output: MembershipOutput, truth: GroundTruth): Record<string, number> {
  const values = victims(output, truth).flatMap(({ answer, truth: { members } }) =>
    answer.control
      ? [weightedAuc({ scores: answer.control, members })(new Float64Array(members.length).fill(1))]
      : [],
  );
  if (values.length === 0) return {};
  return { control: values.reduce((sum, value) => sum + value, 0) / values.length };
}
