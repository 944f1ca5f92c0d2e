import { topCoordinates } from '../selection/top-coordinates.ts';

/**
 * MaskCrypt, Algorithm 2: the coordinates whose exposure by an old value raises the loss most.
 *
 * With δ = w̃_exp − w_t^k and g = ∇L(w_t^k, D^k), encrypting the set m leaves the exposed model at
 * w_t^k + δ restricted to m, whose loss is L(w_t^k) + Σ_{i∈m} g_i δ_i to first order. The best m of a
 * given size holds the largest v = g ⊙ δ (Theorem 1).
 *
 * @returns `count` coordinates, most wanted first; ties by index
 */
export function selectMask(
  gradient: Float32Array,
  exposed: Float32Array,
  localModel: Float32Array,
  count: number,
): Uint32Array {
  const scores = new Float64Array(gradient.length);
  for (let at = 0; at < scores.length; at++)
    scores[at] = (gradient[at] as number) * ((exposed[at] as number) - (localModel[at] as number));
  return topCoordinates(scores, count);
}
