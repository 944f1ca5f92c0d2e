import type { MembershipOutput } from '../api/attack.ts';
import { weightedAuc } from '../stats/weighted-auc.ts';
import { clusteredMetric } from './clustered.ts';
import { memberStrata } from './membership.ts';

/**
 * Chance that what the victim sent in another round is found more like what it sent now than what
 * another client sent. Victims that took part once can't be linked and are left out.
 */
export const linkage = clusteredMetric<MembershipOutput>({
  meta: {
    id: 'linkage',
    version: 1,
    title: 'Linkage AUC',
    unit: '',
    kind: 'membership',
    higherMeansMoreLeakage: true,
    source: 'Area under the ROC curve over transmissions of other rounds; .5 is guessing',
  },
  clusters: (output) => {
    const clusters = linkable(output).map(({ scores, members }) => ({
      strata: memberStrata(members),
      statistic: weightedAuc({ scores, members }),
    }));
    return clusters.length > 0 ? clusters : null;
  },
  samples: (output) => linkable(output).reduce((sum, { scores }) => sum + scores.length, 0),
  baselines: () => ({ chance: 0.5 }),
});

/** Per victim: scores of others' and of its own transmissions, where there are both. */
function linkable({ targets }: MembershipOutput) {
  return targets.flatMap(({ client, alike = [] }) => {
    const scores = Float64Array.from(alike, ({ score }) => score);
    const members = Uint8Array.from(alike, (other) => (other.client === client ? 1 : 0));
    return members.includes(1) && members.includes(0) ? [{ scores, members }] : [];
  });
}
