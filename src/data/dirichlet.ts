import type { RandomStream } from '../engine/random.ts';

/**
 * Proportions drawn from the symmetric Dirichlet distribution Dir(α, …, α): non-negative, sum 1.
 *
 * Gamma variates by Marsaglia and Tsang (2000), kept as logarithms: at α = .01 most of them are
 * smaller than the smallest float64.
 */
export function dirichlet(count: number, alpha: number, random: RandomStream): Float64Array {
  const logs = Float64Array.from({ length: count }, () => logGamma(alpha, random));
  const largest = logs.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
  const weights = logs.map((value) => Math.exp(value - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Logarithm of a Gamma(α, 1) variate. */
function logGamma(alpha: number, random: RandomStream): number {
  // Gamma(α) = Gamma(α + 1) · U^(1/α) brings a shape below 1 above it.
  if (alpha < 1) return logGamma(alpha + 1, random) + Math.log(1 - random.uniform()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const accept = Math.log(1 - random.uniform());
    if (accept < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
