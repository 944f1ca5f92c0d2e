import type { Interval } from '../api/metric.ts';
import type { RandomStream } from '../engine/random.ts';

/**
 * What one client contributes to a mean: a statistic of its samples, as a function of how often
 * each sample counts. A paired comparison is a cluster whose statistic is a difference, so that
 * both sides see the same resample.
 */
export interface Cluster {
  /** Samples that are resampled among themselves (members, non-members): lists of indices. */
  readonly strata: readonly Uint32Array[];
  statistic(counts: Float64Array): number;
}

/** Clusters of one seed. */
export type SeedClusters = readonly Cluster[];

/** A single value without samples of its own (one probe image). */
export function valueCluster(value: number): Cluster {
  return { strata: [], statistic: () => value };
}

/** The mean of a client's values, which are resampled among themselves (the images of a batch). */
export function valuesCluster(values: readonly number[]): Cluster {
  if (values.length === 1) return valueCluster(values[0] as number);
  return {
    strata: [Uint32Array.from(values, (_, at) => at)],
    statistic(counts) {
      let sum = 0;
      let total = 0;
      values.forEach((value, at) => {
        const count = counts[at] as number;
        // An infinite value (identical images) that was not drawn must not make the sum NaN.
        if (count > 0) sum += count * value;
        total += count;
      });
      return sum / total;
    },
  };
}

/** Mean over seeds of the mean over clients, every sample counted once. */
export function clusterMean(seeds: readonly SeedClusters[]): number {
  return mean(
    seeds.map((clusters) => mean(clusters.map((cluster) => cluster.statistic(countsOf(cluster))))),
  );
}

/**
 * Bootstrap distribution of `clusterMean`: seeds, then clients within a seed, then samples within a
 * stratum are drawn with replacement. A level with one unit stays as it is.
 *
 * A client's samples are resampled into a pool of replicates once, from which the outer levels draw:
 * twice as many replicates in all as the outer levels ask for, so that few repeat, at a cost that
 * does not grow with the number of clients.
 *
 * @returns `resamples` means, sorted.
 */
export function hierarchicalBootstrap(
  seeds: readonly SeedClusters[],
  resamples: number,
  random: RandomStream,
): Float64Array {
  const clients = seeds.reduce((sum, clusters) => sum + clusters.length, 0);
  const pools = seeds.map((clusters) =>
    clusters.map((cluster) => replicates(cluster, Math.ceil((2 * resamples) / clients), random)),
  );
  const draw = <T>(items: ArrayLike<T>) => items[random.integer(items.length)] as T;
  return Float64Array.from({ length: resamples }, () =>
    mean(
      pools.map(() => {
        const ofSeed = draw(pools);
        return mean(ofSeed.map(() => draw(draw(ofSeed))));
      }),
    ),
  ).sort();
}

/** The statistic of `count` resamples of the client's samples. */
function replicates(cluster: Cluster, count: number, random: RandomStream): Float64Array {
  const counts = countsOf(cluster);
  if (counts.length === 0) return Float64Array.of(cluster.statistic(counts));
  return Float64Array.from({ length: count }, () => {
    redraw(counts, cluster.strata, random);
    return cluster.statistic(counts);
  });
}

/** Percentile interval of a sorted bootstrap distribution. */
export function percentileInterval(sorted: Float64Array, level = 0.95): Interval {
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
  return {
    low: at((1 - level) / 2),
    high: at((1 + level) / 2),
    level,
    method: 'hierarchical bootstrap',
  };
}

/** Whether resampling says anything: one value alone has no spread. */
export function hasSpread(seeds: readonly SeedClusters[]): boolean {
  const clusters = seeds.flat();
  return clusters.length > 1 || clusters.some(({ strata }) => strata.length > 0);
}

/**
 * Two-sided p of "the difference is 0": twice the smaller tail of its bootstrap distribution, never
 * below 2 / (resamples + 1), nor below 2^(1 − clients): what a sign test could reach when all
 * clients agree. A handful of values resampled among themselves would look far too certain.
 */
export function bootstrapP(sorted: Float64Array, clients: number): number {
  const below = sorted.filter((value) => value <= 0).length;
  const above = sorted.filter((value) => value >= 0).length;
  const tails = (2 * (Math.min(below, above) + 1)) / (sorted.length + 1);
  return Math.min(1, Math.max(tails, 2 ** (1 - clients)));
}

/** Holm's step-down correction; same order as given. Source: Holm 1979. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, at) => at).sort((a, b) => pValue(pValues, a) - pValue(pValues, b));
  const adjusted = new Array<number>(pValues.length);
  let floor = 0;
  order.forEach((at, rank) => {
    floor = Math.max(floor, Math.min(1, (pValues.length - rank) * pValue(pValues, at)));
    adjusted[at] = floor;
  });
  return adjusted;
}

function pValue(pValues: readonly number[], at: number): number {
  return pValues[at] as number;
}

function countsOf(cluster: Cluster): Float64Array {
  return new Float64Array(cluster.strata.reduce((sum, { length }) => sum + length, 0)).fill(1);
}

function redraw(counts: Float64Array, strata: readonly Uint32Array[], random: RandomStream): void {
  counts.fill(0);
  for (const stratum of strata)
    for (let drawn = 0; drawn < stratum.length; drawn++) {
      const index = stratum[random.integer(stratum.length)] as number;
      counts[index] = (counts[index] as number) + 1;
    }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
