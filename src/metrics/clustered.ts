import type { AttackOutput } from '../api/attack.ts';
import type { Metric, MetricValue } from '../api/metric.ts';
import { randomStream } from '../engine/random.ts';
import {
  type Cluster,
  clusterMean,
  hasSpread,
  hierarchicalBootstrap,
  percentileInterval,
} from '../stats/bootstrap.ts';
import { equivalenceP } from '../stats/equivalence.ts';
import type { GroundTruth } from '../view/ground-truth.ts';

/** An attack's output of one seed with the answers. */
export interface SeedOutput<O extends AttackOutput = AttackOutput> {
  readonly output: O;
  readonly truth: GroundTruth;
}

/** A metric that can also be asked over several seeds at once. */
export interface PoolableMetric<O extends AttackOutput = AttackOutput> extends Metric<O> {
  pool(seeds: readonly SeedOutput<O>[]): MetricValue | null;
}

/** A metric that is a mean over clients: it has clusters to resample, and can be paired. */
export interface ClusteredMetric<O extends AttackOutput = AttackOutput> extends PoolableMetric<O> {
  /** One per target, in the output's order; `null` when the metric can't be asked. */
  clusters(output: O, truth: GroundTruth): readonly Cluster[] | null;
}

/** Enough for the second digit of a 95 % interval. */
const RESAMPLES = 2000;

/** Builds a metric whose value is the mean over seeds of the mean over targets. */
export function clusteredMetric<O extends AttackOutput>(definition: {
  meta: Metric<O>['meta'];
  clusters(output: O, truth: GroundTruth): readonly Cluster[] | null;
  /** Number of samples behind the clusters of one seed. */
  samples(output: O, truth: GroundTruth): number;
  /** What guesses without any view score: a constant, or one cluster per target as in `clusters`. */
  baselines?(output: O, truth: GroundTruth): Readonly<Record<string, number | readonly Cluster[]>>;
  /** How far from the value of guessing is still guessing, for the two one-sided tests. */
  guessing?: { readonly value: number; readonly margin: number };
}): ClusteredMetric<O> {
  const { meta, clusters, guessing } = definition;
  const pool = (seeds: readonly SeedOutput<O>[]): MetricValue | null => {
    const perSeed = seeds.map(({ output, truth }) => clusters(output, truth));
    if (perSeed.length === 0 || perSeed.some((list) => list === null || list.length === 0))
      return null;
    const clustersOfSeeds = perSeed as (readonly Cluster[])[];
    const perItem = clustersOfSeeds.flat().map((cluster) => clusterMean([[cluster]]));
    const value = clusterMean(clustersOfSeeds);
    const perSeedBaselines = seeds.map(
      ({ output, truth }) => definition.baselines?.(output, truth) ?? {},
    );
    const baselines = meanBaselines(perSeedBaselines);
    const overNull = overBestBaseline(meta, clustersOfSeeds, perSeedBaselines, baselines);
    const spread = hierarchicalBootstrap(clustersOfSeeds, RESAMPLES, randomStream('bootstrap'));
    return {
      value,
      // An infinite mean (identical images) and a single value have no interval.
      ...(Number.isFinite(value) && hasSpread(clustersOfSeeds)
        ? { interval: percentileInterval(spread) }
        : {}),
      n: seeds.reduce((sum, { output, truth }) => sum + definition.samples(output, truth), 0),
      perItem,
      ...(Object.keys(baselines).length > 0 ? { baselines } : {}),
      ...(overNull ? { overNull } : {}),
      ...(guessing && hasSpread(clustersOfSeeds)
        ? {
            equivalence: {
              margin: guessing.margin,
              p: equivalenceP(spread, guessing.value, guessing.margin),
            },
          }
        : {}),
      ...caution(clustersOfSeeds),
    };
  };
  return { meta, clusters, pool, score: (output, truth) => pool([{ output, truth }]) };
}

function caution(seeds: readonly (readonly Cluster[])[]): { caution?: string } {
  const targets = seeds.reduce((sum, clusters) => sum + clusters.length, 0);
  if (targets < 5)
    return {
      caution: `only ${targets} ${targets === 1 ? 'target' : 'targets'}: that says little about other clients`,
    };
  if (seeds.length < 5)
    return {
      caution: `${seeds.length === 1 ? '1 seed' : `${seeds.length} seeds`}; a published claim needs 5`,
    };
  return {};
}

type Baselines = Readonly<Record<string, number | readonly Cluster[]>>;

function meanBaselines(all: readonly Baselines[]): Record<string, number> {
  const names = new Set(all.flatMap((baselines) => Object.keys(baselines)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = all.flatMap((baselines) => {
        const baseline = baselines[name];
        if (baseline === undefined) return [];
        return typeof baseline === 'number' ? baseline : clusterMean([baseline]);
      });
      return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}

/** The paired difference to the best guess, where every seed has one per target. */
function overBestBaseline(
  { higherMeansMoreLeakage }: Metric['meta'],
  seeds: readonly (readonly Cluster[])[],
  perSeed: readonly Baselines[],
  means: Readonly<Record<string, number>>,
): MetricValue['overNull'] {
  const sign = higherMeansMoreLeakage ? 1 : -1;
  const [best] = Object.entries(means).sort(([, a], [, b]) => sign * (b - a));
  if (!best) return undefined;
  const [baseline] = best;
  const differences = seeds.map((clusters, seed) => {
    const guesses = perSeed[seed]?.[baseline];
    if (guesses === undefined || typeof guesses === 'number') return null;
    return clusters.map((cluster, at): Cluster => {
      const guess = guesses[at] as Cluster;
      return {
        strata: cluster.strata,
        statistic: (counts) => cluster.statistic(counts) - guess.statistic(counts),
      };
    });
  });
  if (differences.includes(null)) return undefined;
  const paired = differences as Cluster[][];
  const value = clusterMean(paired);
  if (!Number.isFinite(value)) return undefined;
  const spread = hierarchicalBootstrap(paired, RESAMPLES, randomStream('bootstrap'));
  return {
    baseline,
    value,
    ...(hasSpread(paired) ? { interval: percentileInterval(spread) } : {}),
  };
}
