import type { Exposure } from '../../src/view/adversaries.ts';

/** An update as the sum of the gradients of the client's samples. */
export interface ObservedSum {
  /** Σ_x ∇ℓ(x), [N], as far as the local steps stayed near their start; exact for one full batch. */
  readonly gradient: Float32Array;
  /** Its squared norm over the scored coordinates. */
  readonly squaredNorm: number;
}

/**
 * A client that takes T steps of size η over batch means passes T·b/n times over its n samples, so
 * that w_{t−1} − w_t ≈ η·(T/n)·Σ_x ∇ℓ(x).
 */
export function observedSum({
  start,
  model,
  scored,
  samples,
  localSteps,
  learningRate,
}: Exposure): ObservedSum {
  const scale = samples / (learningRate * localSteps);
  const gradient = start.map((before, at) => scale * (before - (model[at] as number)));
  let squaredNorm = 0;
  gradient.forEach((value, at) => {
    if (scored[at] === 1) squaredNorm += value * value;
  });
  return { gradient, squaredNorm };
}
