import type { ParameterEntry } from '../../src/models/layout.ts';
import type { CoordinateSet } from '../../src/view/coordinate-set.ts';
import { highFrom } from './two-groups.ts';

/** How many standard deviations rows must differ more than those of a blind choice do. */
const SIGNIFICANT = 4;

/**
 * The tokens that sets of coordinates tell by themselves: their rows hold more chosen coordinates than
 * others, as a client wants encrypted where its gradient is large (MaskCrypt's Algorithm 2; rows of
 * tokens that never came have no gradient but the softmax's). Counts are summed over the sets, and fall
 * into two groups by Otsu's threshold on logarithms.
 *
 * @param sets what was chosen in one round each
 * @param entry the embeddings, [tokens, width]
 * @returns undefined where the rows differ no more than those of a blind choice: Pearson's statistic of
 *   the counts within 4 standard deviations of its mean
 */
export function chosenTokens(
  sets: readonly CoordinateSet[],
  { shape, offset }: ParameterEntry,
): Int32Array | undefined {
  const [tokens, width] = shape as readonly [number, number];
  const counts = Array.from({ length: tokens }, (_, token) => {
    const first = offset + token * width;
    return sets.reduce(
      (sum, set) => set.subarray(first, first + width).reduce((own, bit) => own + bit, sum),
      0,
    );
  });
  const mean = counts.reduce((sum, count) => sum + count, 0) / tokens;
  const variance = mean * (1 - mean / (width * sets.length));
  if (!(variance > 0)) return undefined;
  const pearson = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / variance;
  const freedom = tokens - 1;
  if (pearson < freedom + SIGNIFICANT * Math.sqrt(2 * freedom)) return undefined;
  // Half a coordinate, so that none at all is a count like others.
  const sizes = counts.map((count) => count + 0.5);
  const threshold = highFrom(sizes);
  return Int32Array.from(sizes, (_, token) => token).filter(
    (token) => (sizes[token] as number) >= threshold,
  );
}
