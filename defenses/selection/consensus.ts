/** `top`: as in the paper. `union`: what the released code encrypts, every proposed coordinate. */
export type ConsensusRule = 'top' | 'union';

/**
 * MaskCrypt, Algorithm 1: interleaves the proposals, [m^1[0], m^2[0], …, m^K[0], m^1[1], …],
 * drops repetitions and keeps the first `count`. The released code does not truncate (`union`), so
 * its realised ratio exceeds ρ as far as clients disagree.
 *
 * @param size N
 * @returns coordinates in order of preference
 */
export function maskConsensus(
  proposals: readonly Uint32Array[],
  count: number,
  size: number,
  rule: ConsensusRule,
): Uint32Array {
  const longest = Math.max(0, ...proposals.map(({ length }) => length));
  const limit = rule === 'top' ? count : size;
  const agreed = new Uint32Array(size);
  const seen = new Uint8Array(size);
  let taken = 0;
  for (let rank = 0; rank < longest && taken < limit; rank++)
    for (const proposal of proposals) {
      const coordinate = proposal[rank];
      if (coordinate === undefined || seen[coordinate] === 1) continue;
      seen[coordinate] = 1;
      agreed[taken++] = coordinate;
      if (taken === limit) break;
    }
  return agreed.slice(0, taken);
}
