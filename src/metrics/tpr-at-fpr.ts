import type { MembershipOutput } from '../api/attack.ts';
import { clopperPearson, negativesToSupport } from '../stats/binomial.ts';
import { truePositivesAt } from '../stats/roc.ts';
import type { PoolableMetric, SeedOutput } from './clustered.ts';
import { allCandidates, victims } from './membership.ts';

/**
 * Share of members found while at most 1 % of the non-members are accused, over all victims.
 *
 * Source: Carlini et al. 2022, "Membership Inference Attacks From First Principles", §IV.
 */
export const tprAtOnePercentFpr: PoolableMetric<MembershipOutput> = {
  meta: {
    id: 'tpr-at-1-percent-fpr',
    version: 1,
    title: 'Members found at 1 % false accusations',
    unit: 'share',
    kind: 'membership',
    higherMeansMoreLeakage: true,
    source: 'TPR at FPR ≤ 1 % over all candidates, Clopper–Pearson; 1 % is guessing',
  },
  score: (output, truth) => pool([{ output, truth }]),
  pool,
};

function pool(seeds: readonly SeedOutput<MembershipOutput>[]) {
  const list = seeds.flatMap(({ output, truth }) => victims(output, truth));
  if (list.length === 0) return null;
  const { truePositives, members, nonMembers } = truePositivesAt(allCandidates(list), 0.01);
  const needed = negativesToSupport(0.01);
  return {
    value: truePositives / members,
    interval: clopperPearson(truePositives, members),
    n: members + nonMembers,
    baselines: { chance: 0.01 },
    ...(nonMembers < needed
      ? { caution: `${nonMembers} non-members; a false positive rate of 1 % needs ${needed}` }
      : {}),
  };
}
