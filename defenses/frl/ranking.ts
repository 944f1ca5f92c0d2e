import type { ParameterEntry, ParameterLayout } from '../../src/models/layout.ts';
import { topCoordinates } from '../selection/top-coordinates.ts';

/** Rank of every score within its layer, 0 the lowest; equal scores by index. [N] of whole numbers. */
export function rankWithinLayers(scores: Float32Array, layout: ParameterLayout): Float32Array {
  const ranks = new Float32Array(scores.length);
  for (const entry of layout.entries)
    ascendingOrder(scores, entry).forEach((edge, rank) => {
      ranks[entry.offset + edge] = rank;
    });
  return ranks;
}

/**
 * Scores in the order of `ranks`: each layer's edges get that layer's scores of `scores`, lowest to
 * lowest. Ranks need be no whole numbers; equal ones by index.
 */
export function scoresByRank(
  ranks: Float32Array,
  scores: Float32Array,
  layout: ParameterLayout,
): Float32Array {
  const dealt = new Float32Array(scores.length);
  for (const entry of layout.entries) {
    const { offset, size } = entry;
    const sorted = scores.slice(offset, offset + size).sort();
    ascendingOrder(ranks, entry).forEach((edge, rank) => {
      dealt[offset + edge] = sorted[rank] as number;
    });
  }
  return dealt;
}

/** Positions within the layer, by rising value. */
function ascendingOrder(values: Float32Array, { offset, size }: ParameterEntry): Uint32Array {
  const negated = Float64Array.from(values.subarray(offset, offset + size), (value) => -value);
  return topCoordinates(negated, size);
}
