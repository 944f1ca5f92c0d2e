import type { MembershipOutput } from '../api/attack.ts';
import { weightedAuc } from '../stats/weighted-auc.ts';
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
  baselines: () => ({ chance: 0.5 }),
  guessing: { value: 0.5, margin: 0.02 },
});
