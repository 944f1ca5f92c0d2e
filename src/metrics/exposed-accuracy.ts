import type { MembershipOutput } from '../api/attack.ts';
import { clusteredMetric } from './clustered.ts';
import { memberStrata, victims } from './membership.ts';

/**
 * How well the exposed model classifies the victim's own training samples: MaskCrypt's privacy
 * measure. A low value is not privacy by itself: an inconsistent model can be repaired, so read it
 * beside the attacks by stronger adversaries.
 */
export const exposedAccuracy = clusteredMetric<MembershipOutput>({
  meta: {
    id: 'exposed-accuracy',
    version: 1,
    title: 'Accuracy of the exposed model on members',
    unit: 'share',
    kind: 'membership',
    higherMeansMoreLeakage: true,
    source: 'MaskCrypt (TDSC 2024), Table 2',
  },
  clusters: (output, truth) => {
    if (output.targets.some(({ predictedLabels }) => predictedLabels === undefined)) return null;
    return victims(output, truth).map(({ answer, truth: { members, labels } }) => {
      const [stratum] = memberStrata(members);
      const right = answer.predictedLabels?.map((label, at) => (label === labels[at] ? 1 : 0));
      return {
        // Non-members are a stratum too, so that counts has one entry per candidate.
        strata: memberStrata(members),
        statistic: (counts) => {
          let hits = 0;
          let total = 0;
          for (const at of stratum) {
            hits += (counts[at] as number) * (right?.[at] as number);
            total += counts[at] as number;
          }
          return hits / total;
        },
      };
    });
  },
  samples: (output, truth) =>
    victims(output, truth).reduce(
      (sum, { truth: { members } }) => sum + memberStrata(members)[0].length,
      0,
    ),
});
