import type { MembershipOutput } from '../api/attack.ts';
import { crossFittedClusters } from './balanced-accuracy.ts';
import { clusteredMetric } from './clustered.ts';
import { candidateCount } from './membership.ts';

/** TPR − FPR with thresholds from held-out candidates, as balanced accuracy has them: twice that − 1. */
export const advantage = clusteredMetric<MembershipOutput>({
  meta: {
    id: 'advantage',
    version: 1,
    title: 'Membership advantage',
    unit: '',
    kind: 'membership',
    higherMeansMoreLeakage: true,
    source:
      'Yeom et al. 2018, definition 4 (TPR − FPR), with the cross-fitted thresholds of balanced accuracy; 0 is guessing',
  },
  clusters: (output, truth) => crossFittedClusters(output, truth, ([tpr, tnr]) => tpr - (1 - tnr)),
  samples: candidateCount,
  baselines: () => ({ chance: 0 }),
  guessing: { value: 0, margin: 0.04 },
});
