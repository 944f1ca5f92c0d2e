import type { ReconstructionOutput } from '../api/attack.ts';
import { clopperPearson } from '../stats/binomial.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import type { PoolableMetric, SeedOutput } from './clustered.ts';

interface Count {
  readonly hits: number;
  readonly n: number;
  /** What a guess without any view scores. */
  readonly baselines?: Readonly<Record<string, number>>;
}

/**
 * A metric that is a share of reconstructed images, with Clopper–Pearson's interval over the images of
 * all seeds.
 * @param count `null` when it can't be asked of this output.
 */
export function shareMetric(
  meta: PoolableMetric<ReconstructionOutput>['meta'],
  count: (output: ReconstructionOutput, truth: GroundTruth) => Count | null,
): PoolableMetric<ReconstructionOutput> {
  const pool = (seeds: readonly SeedOutput<ReconstructionOutput>[]) => {
    const counts = seeds.map(({ output, truth }) => count(output, truth));
    if (counts.length === 0 || counts.includes(null)) return null;
    const known = counts as Count[];
    const hits = known.reduce((sum, each) => sum + each.hits, 0);
    const n = known.reduce((sum, each) => sum + each.n, 0);
    if (n === 0) return null;
    const { baselines } = known[0] as Count;
    return {
      value: hits / n,
      interval: clopperPearson(hits, n),
      n,
      ...(baselines && { baselines }),
    };
  };
  return { meta, pool, score: (output, truth) => pool([{ output, truth }]) };
}
