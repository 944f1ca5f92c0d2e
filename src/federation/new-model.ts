import type { Rest } from '../api/defense.ts';
import type { CoordinateSet } from '../view/coordinate-set.ts';
import type { Sending } from './exchange.ts';

export interface Combination {
  readonly senders: readonly Pick<Sending, 'encrypted' | 'plain' | 'weight'>[];
  /** Σ p_k values_k over those that sent a coordinate, [N]. */
  readonly sum: Float64Array;
  readonly rest: Rest;
  /** Coordinates that somebody encrypted. */
  readonly masked: CoordinateSet;
  /** w_{t-1}, [N]: what a client that did not send a coordinate stands for. */
  readonly previous: Float32Array;
}

/**
 * The weighted mean of what clients sent, [N].
 *
 * - A client that left a coordinate out counts with w_{t-1}, as it would had it sent it unchanged.
 * - `zero`: coordinates off the mask are 0.
 * - `kept`: a coordinate is the mean over the clients that sent it, weighted anew; where nobody did, it
 *   is w_{t-1}.
 *
 * Weights that add up to less than 1, because weighting clients fell out, are scaled to 1.
 */
export function combine({ senders, sum, rest, masked, previous }: Combination): Float32Array {
  const total = senders.reduce((so, { weight }) => so + weight, 0);
  // Weights add up to 1 but for rounding; then nothing is divided, so that a mean stays what it is.
  const scale = Math.abs(total - 1) < 1e-9 ? 1 : total;
  const sent = sentWeights(senders, sum.length);
  const mean = new Float32Array(sum.length);
  for (let at = 0; at < mean.length; at++) {
    const value = sum[at] as number;
    const before = previous[at] as number;
    const weight = sent[at] as number;
    if (rest === 'zero' && masked[at] === 0) mean[at] = 0;
    else if (weight === total) mean[at] = value / scale;
    else if (rest === 'kept') mean[at] = weight > 0 ? value / weight : before;
    else mean[at] = (value + (total - weight) * before) / scale;
  }
  return mean;
}

/** Σ p_k over those that sent a coordinate, [N]; summed in the order in which their total is. */
function sentWeights(senders: Combination['senders'], size: number): Float64Array {
  const weights = new Float64Array(size);
  for (const { encrypted, plain, weight } of senders)
    for (let at = 0; at < size; at++)
      if (encrypted[at] === 1 || plain[at] === 1) weights[at] = (weights[at] as number) + weight;
  return weights;
}
