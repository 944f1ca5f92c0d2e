import type { CoordinateSet } from '../../src/view/coordinate-set.ts';

/**
 * MASER's mask consensus: a coordinate is in the global mask if at least half of the clients have it
 * in theirs (MASER 2025, majority voting).
 *
 * @param size N
 */
export function majorityVote(masks: readonly Uint32Array[], size: number): CoordinateSet {
  const votes = new Uint32Array(size);
  for (const mask of masks)
    for (let at = 0; at < mask.length; at++) {
      const coordinate = mask[at] as number;
      votes[coordinate] = (votes[coordinate] as number) + 1;
    }
  const agreed = new Uint8Array(size);
  for (let at = 0; at < size; at++)
    if (masks.length > 0 && 2 * (votes[at] as number) >= masks.length) agreed[at] = 1;
  return agreed;
}
