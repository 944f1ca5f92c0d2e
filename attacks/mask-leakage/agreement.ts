import type { CoordinateSet } from '../../src/view/coordinate-set.ts';

/** Ranks are kept to 16 bits: scores within 1 % of each other count as equal. */
const BUCKETS = 1 << 16;

/**
 * How well scores pick out an observed set.
 *
 * - `auc`: the chance that a coordinate of the set scores above one outside, equal ones counting half.
 * - `jaccard`: |A ∩ B| / |A ∪ B| of the set and the equally many coordinates of the largest scores;
 *   those that tie at the threshold count in proportion.
 *
 * Both are made from counts per score, the upper half of its float32 bits, in one pass.
 *
 * @param scores [N], finite
 */
export function agreement(
  statistic: 'auc' | 'jaccard',
  scores: Float32Array,
  set: CoordinateSet,
): number {
  const inside = new Float64Array(BUCKETS);
  const outside = new Float64Array(BUCKETS);
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  for (let at = 0; at < scores.length; at++) {
    const high = (bits[at] as number) >>> 16;
    // Float bits rise with positive numbers and fall with negative ones.
    const rank = high >= BUCKETS / 2 ? BUCKETS - 1 - high : high + BUCKETS / 2;
    const counts = set[at] === 1 ? inside : outside;
    counts[rank] = (counts[rank] as number) + 1;
  }
  return statistic === 'auc' ? areaUnderCurve(inside, outside) : overlap(inside, outside);
}

function areaUnderCurve(inside: Float64Array, outside: Float64Array): number {
  let below = 0;
  let wins = 0;
  let members = 0;
  for (let rank = 0; rank < BUCKETS; rank++) {
    const [own, other] = [inside[rank] as number, outside[rank] as number];
    wins += own * (below + other / 2);
    below += other;
    members += own;
  }
  return wins / (members * below);
}

function overlap(inside: Float64Array, outside: Float64Array): number {
  const size = inside.reduce((sum, count) => sum + count, 0);
  let left = size;
  let shared = 0;
  for (let rank = BUCKETS - 1; rank >= 0 && left > 0; rank--) {
    const [own, other] = [inside[rank] as number, outside[rank] as number];
    const taken = Math.min(left, own + other);
    if (taken > 0) shared += (taken * own) / (own + other);
    left -= taken;
  }
  return shared / (2 * size - shared);
}

/** |A ∩ B| / |A ∪ B| of two sets; 0 for two empty ones. */
export function jaccard(a: CoordinateSet, b: CoordinateSet): number {
  let both = 0;
  let either = 0;
  for (let at = 0; at < a.length; at++) {
    both += (a[at] as number) & (b[at] as number);
    either += (a[at] as number) | (b[at] as number);
  }
  return either === 0 ? 0 : both / either;
}
