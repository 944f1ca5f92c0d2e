import { z } from 'zod';
import type { Perturbation } from '../src/api/defense.ts';
import type { RandomStream } from '../src/engine/random.ts';

/** b, for any defense that sends something in plaintext. */
export const laplaceScale = z
  .number()
  .min(0)
  .describe(
    'b: scale of the Laplace noise that clients add to what they send in plaintext; 0: none (FedML-HE §3)',
  );

/**
 * Adds Laplace noise of scale b to the coordinates that are not encrypted, each for itself. With a
 * sensitivity Δf_i of coordinate i that spends ε = Σ Δf_i / b over plaintext coordinates. FedML-HE
 * (2023), §3, takes Δf ~ U(0, 1) and gets budgets in the proportion 1 (no mask), 1 − p (random mask),
 * (1 − p)² (the most sensitive p encrypted).
 */
export function laplaceNoise(scale: number): Perturbation | undefined {
  if (scale === 0) return undefined;
  return ({ values, mask, random }) =>
    values.map((value, at) => (mask[at] === 1 ? value : value + scale * laplace(random)));
}

/** Standard Laplace: the difference of two standard exponentials. */
function laplace(random: RandomStream): number {
  return Math.log1p(-random.uniform()) - Math.log1p(-random.uniform());
}
