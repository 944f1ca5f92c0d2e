import type { ParameterLayout } from '../../src/models/layout.ts';

/**
 * MASER's local pruning: keeps the weights whose magnitude is at least the (100 − κ)-th percentile
 * of all weights' magnitudes, over all layers together. Biases and buffers are always kept and
 * don't count towards the percentile (MASER 2025, magnitude-based pruning).
 *
 * @param model [N]
 * @param keptPercent κ, 0 … 100
 * @returns the kept coordinates, ascending
 */
export function pruneByMagnitude(
  model: Float32Array,
  layout: ParameterLayout,
  keptPercent: number,
): Uint32Array {
  const magnitudes = (offset: number, size: number) =>
    model.subarray(offset, offset + size).map(Math.abs);
  const weights = layout.entries.filter(({ kind }) => kind === 'weight');
  const all = new Float32Array(weights.reduce((sum, { size }) => sum + size, 0));
  let filled = 0;
  for (const { offset, size } of weights) {
    all.set(magnitudes(offset, size), filled);
    filled += size;
  }
  const threshold = percentile(all.sort(), 100 - keptPercent);
  const kept = new Uint32Array(layout.size);
  let count = 0;
  for (const { kind, offset, size } of layout.entries)
    for (let at = offset; at < offset + size; at++)
      if (kind !== 'weight' || Math.abs(model[at] as number) >= threshold) kept[count++] = at;
  return kept.slice(0, count);
}

/**
 * The q-th percentile of ascending values, interpolated linearly between the two nearest (the
 * default of NumPy). −∞ of no values.
 *
 * @param percent q, 0 … 100
 */
export function percentile(ascending: Float32Array, percent: number): number {
  if (ascending.length === 0) return Number.NEGATIVE_INFINITY;
  const position = (Math.min(100, Math.max(0, percent)) / 100) * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below] as number;
  const high = ascending[Math.min(below + 1, ascending.length - 1)] as number;
  return low + (position - below) * (high - low);
}
