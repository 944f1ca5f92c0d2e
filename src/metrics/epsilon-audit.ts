import type { MembershipOutput } from '../api/attack.ts';
import type { MetricValue } from '../api/metric.ts';
import { auditPairs } from '../stats/one-run-audit.ts';
import type { PoolableMetric, SeedOutput } from './clustered.ts';
import { type Victim, victims } from './membership.ts';

/** As in DP-SGD's default here, and in most papers. A defense with a smaller δ has the same bound. */
const DELTA = 1e-5;
const LEVEL = 0.05;

/**
 * The smallest ε of differential privacy that an attack's success leaves possible: an audit of one
 * training. It is the lower bound to an accountant's upper one, and any defense can be asked for it.
 *
 * A victim's members and the non-members of the same class are paired in their (random) order. Which of
 * two is the member was a fair coin, since the halves of the data set are drawn at random, and the
 * attack guesses it to be the one of higher score. The pairs are ranked by the difference of their
 * scores, within their victim: scores of different models don't compare.
 */
export const epsilonLowerBound: PoolableMetric<MembershipOutput> = {
  meta: {
    id: 'epsilon-lower-bound',
    version: 1,
    title: 'ε at least (one-run audit)',
    unit: '',
    kind: 'membership',
    higherMeansMoreLeakage: true,
    source:
      'Steinke, Nasr and Jagielski 2023, on pairs of a member and a non-member, for one sample added or removed, δ = 1e-5; 95 % confidence. Not with natural clients, whose halves are not exchangeable',
  },
  score: (output, truth) => pool([{ output, truth }]),
  pool,
};

function pool(seeds: readonly SeedOutput<MembershipOutput>[]): MetricValue | null {
  const pairs = seeds.flatMap(({ output, truth }) => {
    const taken = new Set<number>();
    return victims(output, truth).flatMap((victim) => rankedPairs(victim, taken));
  });
  if (pairs.length === 0) return null;
  const settings = { delta: DELTA, level: LEVEL };
  const surestFirst = pairs.toSorted((a, b) => a.rank - b.rank).map(({ right }) => right);
  const { epsilon } = auditPairs(surestFirst, settings);
  const most = auditPairs(new Uint8Array(pairs.length).fill(1), settings).epsilon;
  return {
    value: epsilon,
    interval: {
      low: epsilon,
      high: Number.POSITIVE_INFINITY,
      level: 1 - LEVEL,
      method: 'one-run audit, one-sided',
    },
    n: 2 * pairs.length,
    baselines: { guessing: 0 },
    caution: `${pairs.length} pairs can show at most ε = ${most.toFixed(1)}`,
  };
}

interface RankedPair {
  /** Share of the victim's pairs that are surer. */
  readonly rank: number;
  readonly right: 0 | 1;
}

/** @param taken samples that are in a pair already; victims may share non-members, and coins must not */
function rankedPairs({ answer, truth }: Victim, taken: Set<number>): RankedPair[] {
  const { members, labels, samples } = truth;
  const waiting = new Map<string, number[]>();
  const pairs: { readonly sure: number; readonly right: 0 | 1 }[] = [];
  for (let at = 0; at < members.length; at++) {
    const sample = samples?.[at];
    if (sample !== undefined && taken.has(sample)) continue;
    if (sample !== undefined) taken.add(sample);
    const [own, other] = [members[at] as number, 1 - (members[at] as number)];
    const partner = waiting.get(`${labels[at]} ${other}`)?.shift();
    if (partner === undefined) {
      const key = `${labels[at]} ${own}`;
      waiting.set(key, [...(waiting.get(key) ?? []), at]);
      continue;
    }
    const lead = (answer.scores[at] as number) - (answer.scores[partner] as number);
    // Where nothing tells, the later candidate is guessed: their order is random.
    const guess = lead >= 0 ? own : other;
    pairs.push({ sure: Math.abs(lead), right: guess === 1 ? 1 : 0 });
  }
  return pairs
    .toSorted((a, b) => b.sure - a.sure)
    .map(({ right }, at, { length }) => ({ rank: at / length, right }));
}
