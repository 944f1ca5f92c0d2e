/** A run of the Gaussian mechanism on Poisson-sampled batches: DP-SGD. */
export interface SampledGaussian {
  /** q: the probability that a sample is in a step's batch, 0 … 1. */
  readonly samplingRate: number;
  /** σ: the noise's standard deviation over the clipping norm. */
  readonly noiseMultiplier: number;
  /** How often it is applied. */
  readonly steps: number;
}

/**
 * Orders α over which the conversion to (ε, δ) is minimised: dense where few noisy steps have their
 * optimum, sparse up to those of very small ε.
 */
export const renyiOrders: readonly number[] = [
  ...[1.01, 1.02, 1.05],
  ...Array.from({ length: 99 }, (_, at) => 1.1 + at / 10),
  ...Array.from({ length: 53 }, (_, at) => 11 + at),
  ...[80, 96, 128, 192, 256, 512, 1024],
];

/**
 * Rényi differential privacy ε(α) of the sampled Gaussian mechanism, composed over its steps, for
 * neighbours that differ by one added or removed sample.
 *
 * A step costs ln(A_α) / (α − 1), A_α = E_{z~N(0,σ²)} [(1 − q + q e^{(2z−1)/2σ²})^α]; steps add up.
 * Source: Mironov, Talwar & Zhang 2019, "Rényi Differential Privacy of the Sampled Gaussian
 * Mechanism", §3; composition: Mironov 2017, Proposition 1.
 *
 * @param order α > 1
 * @throws {RangeError} when an argument is outside its range
 */
export function renyiEpsilon(mechanism: SampledGaussian, order: number): number {
  const { samplingRate: q, noiseMultiplier: sigma, steps } = checked(mechanism);
  if (!(order > 1)) throw new RangeError(`a Rényi order of ${order}; orders are above 1`);
  if (q === 0) return 0;
  if (sigma === 0) return Number.POSITIVE_INFINITY;
  if (q === 1) return (steps * order) / (2 * sigma ** 2);
  const logMoment = Number.isInteger(order)
    ? binomialMoment(q, sigma, order)
    : integratedMoment(q, sigma, order);
  // A_α ≥ 1 (Jensen); rounding may leave it a hair below.
  return (steps * Math.max(0, logMoment)) / (order - 1);
}

/**
 * The smallest ε for which the mechanism is (ε, δ)-differentially private, as far as Rényi orders
 * tell: an upper bound.
 *
 * Source of the conversion: Canonne, Kamath & Steinke 2020, "The Discrete Gaussian for Differential
 * Privacy", Proposition 12; as in public accountants.
 */
export function privacySpent(mechanism: SampledGaussian, delta: number): number {
  requireDelta(delta);
  // The conversion costs something even where nothing was spent.
  if (mechanism.samplingRate === 0 || mechanism.steps === 0) return 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const order of renyiOrders) {
    const epsilon =
      renyiEpsilon(mechanism, order) +
      Math.log1p(-1 / order) -
      Math.log(delta * order) / (order - 1);
    smallest = Math.min(smallest, epsilon);
  }
  return Math.max(0, smallest);
}

/**
 * The smallest σ (to a relative 1e-4, rounded up) under which `steps` steps at sampling rate `q` are
 * (ε, δ)-differentially private.
 *
 * @throws {RangeError} when ε is so small that the orders can't certify it under any noise
 */
export function noiseForBudget(
  { samplingRate, steps }: Pick<SampledGaussian, 'samplingRate' | 'steps'>,
  epsilon: number,
  delta: number,
): number {
  if (!(epsilon > 0)) throw new RangeError(`a privacy budget ε of ${epsilon}; it is above 0`);
  const fits = (noiseMultiplier: number) =>
    privacySpent({ samplingRate, noiseMultiplier, steps }, delta) <= epsilon;
  let high = 1;
  while (!fits(high)) {
    high *= 2;
    if (high > 1e6)
      throw new RangeError(
        `No noise up to 1e6 times the clipping norm gives ε = ${epsilon} at δ = ${delta} over ${steps} steps. Ask for a larger ε or δ.`,
      );
  }
  let low = high;
  while (low > 1e-3 && fits(low)) low /= 2;
  while (high / low > 1 + 1e-4) {
    const middle = Math.sqrt(low * high);
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** ln A_α for a whole α: Σ_k C(α, k) (1 − q)^{α−k} q^k e^{(k²−k)/2σ²} (§3.3). */
function binomialMoment(q: number, sigma: number, order: number): number {
  let logBinomial = 0;
  let logSum = Number.NEGATIVE_INFINITY;
  for (let k = 0; k <= order; k++) {
    const term =
      logBinomial +
      (order - k) * Math.log1p(-q) +
      k * Math.log(q) +
      (k * (k - 1)) / (2 * sigma ** 2);
    logSum = logAdd(logSum, term);
    logBinomial += Math.log((order - k) / (k + 1));
  }
  return logSum;
}

/**
 * ln A_α for any α, by the trapezoidal rule over z. The integrand is analytic in the strip
 * |Im z| < πσ², so the error falls as e^{−2π²σ²/h}: with h ≤ σ²/2 it is below 1e-17, and h ≤ σ/8
 * resolves the bell curve as well.
 */
function integratedMoment(q: number, sigma: number, order: number): number {
  const step = Math.min(sigma / 8, sigma ** 2 / 2);
  // Bell curves around 0 … α make up the integrand; 12 deviations further out nothing is left.
  const from = -12 * sigma;
  const points = Math.ceil((order + 24 * sigma) / step);
  const logRest = Math.log1p(-q);
  const logQ = Math.log(q);
  let logSum = Number.NEGATIVE_INFINITY;
  for (let at = 0; at <= points; at++) {
    const z = from + at * step;
    const logRatio = logAdd(logRest, logQ + (2 * z - 1) / (2 * sigma ** 2));
    logSum = logAdd(logSum, order * logRatio - z ** 2 / (2 * sigma ** 2));
  }
  return logSum + Math.log(step / (sigma * Math.sqrt(2 * Math.PI)));
}

/** ln(e^a + e^b). */
function logAdd(a: number, b: number): number {
  const [large, small] = a > b ? [a, b] : [b, a];
  return small === Number.NEGATIVE_INFINITY ? large : large + Math.log1p(Math.exp(small - large));
}

function checked(mechanism: SampledGaussian): SampledGaussian {
  const { samplingRate, noiseMultiplier, steps } = mechanism;
  if (!(samplingRate >= 0 && samplingRate <= 1))
    throw new RangeError(`a sampling rate of ${samplingRate}; it is a probability`);
  if (!(noiseMultiplier >= 0))
    throw new RangeError(`a noise multiplier of ${noiseMultiplier}; it is not negative`);
  if (!Number.isInteger(steps) || steps < 0)
    throw new RangeError(`${steps} steps; their number is whole`);
  return mechanism;
}

function requireDelta(delta: number): void {
  if (!(delta > 0 && delta < 1)) throw new RangeError(`δ = ${delta}; it is between 0 and 1`);
}
