import type { Weighting } from '../api/defense.ts';

/** A client's part in the mean. */
export interface Weighted {
  readonly client: number;
  /** |D^k|. */
  readonly samples: number;
}

/**
 * p_k, which add up to 1: |D^k| / Σ|D|, or 1/K. Probe clients have an image or two, and must not pull
 * the mean more than that: under uniform weights they count as so much of a mean ordinary client.
 *
 * @param ordinary number of ordinary clients of the federation; ids from there on are probes
 */
export function aggregationWeights(
  clients: readonly Weighted[],
  weighting: Weighting = 'samples',
  ordinary = Number.POSITIVE_INFINITY,
): number[] {
  const shares = clients.map(({ samples }) => samples);
  if (weighting === 'uniform') {
    const regular = clients.filter(({ client }) => client < ordinary);
    const mean = regular.reduce((sum, { samples }) => sum + samples, 0) / regular.length;
    clients.forEach(({ client, samples }, k) => {
      shares[k] = client < ordinary ? 1 : Math.min(1, samples / mean);
    });
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

/** Σ p_k · vectors[k], summed in float64 in the order given. */
export function weightedMean(
  vectors: readonly Float32Array[],
  weights: readonly number[],
): Float32Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  vectors.forEach((vector, k) => {
    const weight = weights[k] as number;
    for (let at = 0; at < sum.length; at++)
      sum[at] = (sum[at] as number) + weight * (vector[at] as number);
  });
  return new Float32Array(sum);
}
