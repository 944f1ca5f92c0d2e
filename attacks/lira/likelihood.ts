import type { ReferenceAnswers } from '../shadow/reference-models.ts';

export interface Normal {
  readonly mean: number;
  readonly variance: number;
}

/** Spread of confidences over reference models, pooled over all samples: few models can't tell it per sample. */
export interface PooledVariance {
  readonly in: number;
  readonly out: number;
}

/** Below this, a variance is rounding (confidences are stored in float32). */
const LEAST_VARIANCE = 1e-12;

/**
 * Mean of the samples' variances, each with n − 1.
 *
 * @returns of a side that has no sample with two models, `LEAST_VARIANCE`.
 */
export function pooledVariance(samples: readonly ReferenceAnswers[]): PooledVariance {
  const pool = (side: 'in' | 'out') => {
    let squares = 0;
    let degrees = 0;
    for (const { [side]: values } of samples) {
      if (values.length < 2) continue;
      const center = mean(values);
      for (const value of values) squares += (value - center) ** 2;
      degrees += values.length - 1;
    }
    return Math.max(LEAST_VARIANCE, degrees === 0 ? 0 : squares / degrees);
  };
  return { in: pool('in'), out: pool('out') };
}

/** The normal distribution of a sample's confidences; its variance from them where none is given. */
export function fitNormal(values: Float64Array, variance?: number): Normal {
  const center = mean(values);
  const own = () =>
    values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
  return { mean: center, variance: variance ?? Math.max(LEAST_VARIANCE, own()) };
}

/** ln of the density at `x`. */
export function logDensity({ mean: center, variance }: Normal, x: number): number {
  return -((x - center) ** 2) / (2 * variance) - Math.log(2 * Math.PI * variance) / 2;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
