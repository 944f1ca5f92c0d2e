import type { ParameterEntry } from '../../src/models/layout.ts';
import { type CoordinateSet, coordinateSet } from '../../src/view/coordinate-set.ts';
import type { RoundView, Transmission } from '../../src/view/server-view.ts';
import { observedSet } from '../mask-leakage/observed-sets.ts';
import { highGroupFrom } from './two-groups.ts';

/** How much of an ordered proposal is looked at, as a share of the vector and of the embeddings. */
const FIRST = { ofVector: 1 / 100, ofEmbeddings: 1 / 4 } as const;

/**
 * What a client chose in one round: the first of its proposal where that is ordered (as many as a
 * hundredth of the vector or a quarter of the embeddings, whatever is more), else all that is observed of
 * its choice. A client's own tokens come first; a large mask has room for everybody's.
 *
 * @returns undefined when it tells nothing
 */
export function firstChoices(
  round: RoundView,
  sent: Transmission,
  embeddings: ParameterEntry,
): CoordinateSet | undefined {
  const { proposal } = sent;
  const ordered = proposal?.some((coordinate, at) => coordinate < (proposal[at - 1] ?? 0));
  if (!proposal || !ordered) return observedSet(round, sent)?.set;
  const size = round.mask.length;
  const count = Math.max(FIRST.ofVector * size, FIRST.ofEmbeddings * embeddings.size);
  return coordinateSet(size, proposal.subarray(0, Math.ceil(count)));
}

/** How many standard deviations rows must differ more than those of a blind choice do. */
const SIGNIFICANT = 4;

/**
 * The tokens that sets of coordinates tell by themselves: their rows hold more chosen coordinates than
 * others, as a client wants encrypted where its gradient is large (MaskCrypt's Algorithm 2; rows of
 * tokens that never came have no gradient but the softmax's). Counts are summed over the sets, and fall
 * into two groups by Otsu's threshold on square roots.
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
  // Square roots of counts vary alike, whatever their size.
  const roots = counts.map(Math.sqrt);
  const threshold = highGroupFrom(roots);
  return Int32Array.from(roots, (_, token) => token).filter(
    (token) => (roots[token] as number) >= threshold,
  );
}
