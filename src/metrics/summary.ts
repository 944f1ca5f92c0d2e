import type { AttackOutput } from '../api/attack.ts';
import type { Comparison, DefenseRow, PooledScore } from '../api/results.ts';
import { randomStream } from '../engine/random.ts';
import {
  bootstrapP,
  type Cluster,
  clusterMean,
  hasSpread,
  hierarchicalBootstrap,
  holm,
  percentileInterval,
} from '../stats/bootstrap.ts';
import { type AdversaryId, findAdversary } from '../view/adversaries.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import type { ClusteredMetric } from './clustered.ts';
import { comparedMetrics, metricsFor } from './registry.ts';

/** One attack's answer in one cell, with the truth. */
export interface ScoredAttack {
  readonly row: string;
  readonly seed: number;
  readonly attack: string;
  readonly adversary: AdversaryId;
  readonly output: AttackOutput;
  readonly truth: GroundTruth;
}

/** A row's place in comparisons. */
export interface ComparedRow extends Pick<DefenseRow, 'key' | 'targetRatio'> {
  /** Whether the others are compared with it (`Defense.control`). */
  readonly control: boolean;
  /** Mean over seeds. */
  readonly realisedRatio: number;
}

/** At least. */
const RESAMPLES = 4000;
/**
 * Per comparison of the run: the smallest p that resampling can give is 2 / resamples, and Holm's
 * correction multiplies it by their number. So it ends at .02, however many there are.
 */
const RESAMPLES_EACH = 100;

/** Every metric of every (row, attack, adversary), over all seeds. */
export function poolScores(scored: readonly ScoredAttack[]): PooledScore[] {
  return [...groupBy(scored, groupKey).values()].flatMap((seeds) => {
    const { row, attack, adversary, output } = seeds[0] as ScoredAttack;
    const guessed = seeds.every((seed) => isGuess(seed.output)) && { guessed: true as const };
    return metricsFor(output.kind).flatMap((metric) => {
      const value = metric.pool(seeds);
      return value
        ? [
            {
              row,
              attack,
              adversary,
              metric: metric.meta.id,
              value,
              seeds: seeds.length,
              ...guessed,
            },
          ]
        : [];
    });
  });
}

/** Whether the attacker had nothing to go by for any of its answers. */
function isGuess(output: AttackOutput): boolean {
  const answers = output.kind === 'reconstruction' || output.kind === 'text' ? output.targets : [];
  return answers.length > 0 && answers.every(({ from }) => from === 'prior');
}

/**
 * Each defense that chooses its mask against the control (a random mask) of the same ratio: same seeds,
 * clients, images and initial values, difference bootstrapped seed → client → sample.
 */
export function compareDefenses(
  scored: readonly ScoredAttack[],
  rows: readonly ComparedRow[],
): Comparison[] {
  const groups = groupBy(scored, groupKey);
  const pairs = pairsWithControl(rows).flatMap(([a, b]) =>
    [...groups.values()].flatMap((ofA) => {
      const { row, attack, adversary } = ofA[0] as ScoredAttack;
      // The oracle sees no mask, and colluders may see none: they are not what masks are compared by.
      if (row !== a.key || findAdversary(adversary).needs !== 'server') return [];
      const ofB = groups.get(groupKey({ row: b.key, attack, adversary }));
      if (!ofB) return [];
      return comparedMetrics.flatMap((metric) => {
        const seeds = pairedClusters(metric, ofA, ofB);
        return seeds.length > 0 ? [{ a, b, attack, adversary, metric, seeds }] : [];
      });
    }),
  );
  const resamples = Math.max(RESAMPLES, RESAMPLES_EACH * pairs.length);
  const comparisons = pairs.map((pair) => compare(pair, resamples));
  const adjusted = holm(comparisons.map(({ p }) => p));
  return comparisons.map(({ leaksLess, ...comparison }, at) => {
    const adjustedP = adjusted[at] as number;
    const decided = adjustedP < 0.05 && comparison.equalRatio;
    return { ...comparison, adjustedP, verdict: decided ? leaksLess : 'undecided' };
  });
}

/** Pairs that ask for the same ratio, or end at the same one. */
function pairsWithControl(rows: readonly ComparedRow[]): [ComparedRow, ComparedRow][] {
  const controls = rows.filter(({ control }) => control);
  const partial = ({ realisedRatio }: ComparedRow) => realisedRatio > 0 && realisedRatio < 1;
  return rows
    .filter((row) => !row.control && partial(row))
    .flatMap((a) =>
      controls
        .filter((b) => b.targetRatio === a.targetRatio || sameRealisedRatio(a, b))
        .map((b): [ComparedRow, ComparedRow] => [a, b]),
    );
}

/** Within 1 % of all coordinates. */
function sameRealisedRatio(a: ComparedRow, b: ComparedRow): boolean {
  return Math.abs(a.realisedRatio - b.realisedRatio) <= 0.01;
}

type Undecided = Omit<Comparison, 'adjustedP' | 'verdict'> & {
  readonly leaksLess: 'a-leaks-less' | 'b-leaks-less';
};

/** Two defenses under one attack and adversary, in one metric. */
interface Pair extends Pick<Comparison, 'attack' | 'adversary'> {
  readonly a: ComparedRow;
  readonly b: ComparedRow;
  readonly metric: ClusteredMetric;
  /** Of the differences. */
  readonly seeds: readonly (readonly Cluster[])[];
}

function compare({ a, b, attack, adversary, metric, seeds }: Pair, resamples: number): Undecided {
  const spread = hierarchicalBootstrap(seeds, resamples, randomStream('paired bootstrap'));
  const difference = clusterMean(seeds);
  const items = seeds.flat();
  const aLeaksLess = metric.meta.higherMeansMoreLeakage ? difference < 0 : difference > 0;
  return {
    a: a.key,
    b: b.key,
    attack,
    adversary,
    metric: metric.meta.id,
    realisedRatio: { a: a.realisedRatio, b: b.realisedRatio },
    equalRatio: sameRealisedRatio(a, b),
    difference: {
      value: difference,
      ...(hasSpread(seeds) ? { interval: percentileInterval(spread) } : {}),
      n: items.length,
      perItem: items.map((cluster) => clusterMean([[cluster]])),
    },
    p: bootstrapP(spread, items.length),
    leaksLess: aLeaksLess ? 'a-leaks-less' : 'b-leaks-less',
  };
}

/**
 * Clusters of the difference, per seed that both sides have. A pair with an infinite side (an
 * identical image) has no difference and is left out.
 */
function pairedClusters(
  metric: ClusteredMetric,
  ofA: readonly ScoredAttack[],
  ofB: readonly ScoredAttack[],
): Cluster[][] {
  return ofA.flatMap((a) => {
    const b = ofB.find(({ seed }) => seed === a.seed);
    if (!b || a.output.kind !== metric.meta.kind || b.output.kind !== metric.meta.kind) return [];
    if (a.output.kind === 'key' || b.output.kind === 'key') return [];
    const [targets, others] = [a.output.targets, b.output.targets];
    const left = metric.clusters(a.output, a.truth);
    const right = metric.clusters(b.output, b.truth);
    if (!left || !right) return [];
    const clusters = left.flatMap((cluster, at): Cluster[] => {
      const target = targets[at];
      const other = others.findIndex(
        ({ client, round }) => client === target?.client && round === target.round,
      );
      const partner = right[other];
      if (!partner) return [];
      const paired: Cluster = {
        strata: cluster.strata,
        statistic: (counts) => cluster.statistic(counts) - partner.statistic(counts),
      };
      return Number.isFinite(clusterMean([[paired]])) ? [paired] : [];
    });
    return clusters.length > 0 ? [clusters] : [];
  });
}

function groupKey({ row, attack, adversary }: Pick<ScoredAttack, 'row' | 'attack' | 'adversary'>) {
  return JSON.stringify([row, attack, adversary]);
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
