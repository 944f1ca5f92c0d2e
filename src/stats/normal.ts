/**
 * Upper tail of the standard normal distribution, Q(z) = P(Z > z), to a relative error of some 1e-13
 * even where it is tiny: 1 − Φ(z) would be 0 from 8.3 on.
 *
 * Source: Abramowitz & Stegun 26.2.11 (series) below 3, 26.2.14 (continued fraction) above.
 */
export function normalUpperTail(z: number): number {
  if (z < 0) return 1 - normalUpperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let odd = 3; term > sum * 1e-17; odd += 2) {
      term *= (z * z) / odd;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // Backwards from where a term no longer matters.
  let fraction = z;
  for (let numerator = 120; numerator >= 1; numerator--) fraction = z + numerator / fraction;
  return density / fraction;
}
