import type { MembershipOutput } from '../api/attack.ts';
import { valueCluster } from '../stats/bootstrap.ts';
import { clusteredMetric } from './clustered.ts';
import { victims } from './membership.ts';

/**
 * Total variation distance ½ Σ |p − q| between the shares of classes that an attack names and those
 * among the victim's own candidates, which are drawn from its data at random.
 */
export const labelDistribution = clusteredMetric<MembershipOutput>({
  meta: {
    id: 'label-distribution',
    version: 1,
    title: 'Error of the class shares',
    unit: 'share',
    kind: 'membership',
    higherMeansMoreLeakage: false,
    source: 'Total variation distance to the classes of the victim’s samples; mean over victims',
  },
  clusters: (output, truth) => {
    if (output.targets.some(({ labelShares }) => labelShares === undefined)) return null;
    return victims(output, truth).map(({ answer, truth: { members, labels } }) =>
      valueCluster(distance(answer.labelShares as Float64Array, classShares(members, labels))),
    );
  },
  samples: (output) => output.targets.length,
  baselines: (output, truth) => {
    const distances = victims(output, truth).map(({ answer, truth: { members, labels } }) => {
      const { length } = answer.labelShares as Float64Array;
      return distance(new Float64Array(length).fill(1 / length), classShares(members, labels));
    });
    return { 'all classes alike': distances.reduce((sum, one) => sum + one, 0) / distances.length };
  },
});

function classShares(members: Uint8Array, labels: Int32Array): Map<number, number> {
  const shares = new Map<number, number>();
  const total = members.reduce((sum, bit) => sum + bit, 0);
  members.forEach((bit, at) => {
    const label = labels[at] as number;
    if (bit === 1) shares.set(label, (shares.get(label) ?? 0) + 1 / total);
  });
  return shares;
}

function distance(guessed: Float64Array, actual: ReadonlyMap<number, number>): number {
  return (
    guessed.reduce((sum, share, label) => sum + Math.abs(share - (actual.get(label) ?? 0)), 0) / 2
  );
}
