import type { ParameterLayout } from '../../src/models/layout.ts';
import { topCoordinates } from './top-coordinates.ts';

/**
 * GraSP (Wang et al., ICLR 2020, eq. 8): removing weight q changes the squared gradient norm
 * by −2 θ_q [Hg]_q to first order, so S = −θ ⊙ Hg; the weights of the largest S are removed and
 * those of the smallest kept. Biases and buffers are kept, as MASER does.
 *
 * @param model θ, [N]
 * @param hessianGradient Hg at θ, [N]
 * @param keptPercent κ, share of the weights that is kept, 0 … 100
 * @returns the kept coordinates, ascending
 */
export function pruneByGradientFlow(
  model: Float32Array,
  hessianGradient: Float32Array,
  layout: ParameterLayout,
  keptPercent: number,
): Uint32Array {
  const weights: number[] = [];
  const kept: number[] = [];
  for (const { kind, offset, size } of layout.entries)
    for (let at = offset; at < offset + size; at++) (kind === 'weight' ? weights : kept).push(at);
  // The smallest −θ ⊙ Hg are the largest θ ⊙ Hg.
  const flow = Float64Array.from(
    weights,
    (at) => (model[at] as number) * (hessianGradient[at] as number),
  );
  const count = Math.round((keptPercent / 100) * weights.length);
  for (const index of topCoordinates(flow, count)) kept.push(weights[index] as number);
  return Uint32Array.from(kept).sort();
}
