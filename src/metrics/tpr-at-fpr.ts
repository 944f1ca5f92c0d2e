import type { MembershipOutput } from '../api/attack.ts';
import { clopperPearson, negativesToSupport } from '../stats/binomial.ts';
import { truePositivesAt } from '../stats/roc.ts';
import type { PoolableMetric, SeedOutput } from './clustered.ts';
import { allCandidates, victims } from './membership.ts';

/** Members found while at most 1 % of the non-members are accused, over all victims. */
export const tprAtOnePercentFpr = tprAt(0.01, 'tpr-at-1-percent-fpr');

/** The same at .1 %, which takes 3,688 non-members to support. */
export const tprAtTenthPercentFpr = tprAt(0.001, 'tpr-at-0.1-percent-fpr');

/**
 * Share of members found at a false positive rate of at most `rate`.
 *
 * Source: Carlini et al. 2022, "Membership Inference Attacks From First Principles", §IV.
 */
function tprAt(rate: number, id: string): PoolableMetric<MembershipOutput> {
  const percent = `${rate * 100} %`;
  const pool = (seeds: readonly SeedOutput<MembershipOutput>[]) => {
    const list = seeds.flatMap(({ output, truth }) => victims(output, truth));
    if (list.length === 0) return null;
    const { truePositives, members, nonMembers } = truePositivesAt(allCandidates(list), rate);
    const needed = negativesToSupport(rate);
    return {
      value: truePositives / members,
      interval: clopperPearson(truePositives, members),
      n: members + nonMembers,
      baselines: { chance: rate },
      ...(nonMembers < needed
        ? {
            caution: `${nonMembers} non-members; a false positive rate of ${percent} needs ${needed}`,
          }
        : {}),
    };
  };
  return {
    meta: {
      id,
      version: 1,
      title: `Members found at ${percent} false accusations`,
      unit: 'share',
      kind: 'membership',
      higherMeansMoreLeakage: true,
      source: `TPR at FPR ≤ ${percent} over all candidates, Clopper–Pearson; ${percent} is guessing`,
    },
    score: (output, truth) => pool([{ output, truth }]),
    pool,
  };
}
