import betaQuantile from '@stdlib/stats-base-dists-beta-quantile';
import type { Interval } from '../api/metric.ts';

/**
 * Clopper–Pearson interval of a share of `successes` in `trials`: exact, never too short.
 *
 * Source: Clopper & Pearson 1934; bounds as beta quantiles.
 * @throws {RangeError} unless 0 ≤ successes ≤ trials and trials ≥ 1, all whole numbers.
 */
export function clopperPearson(successes: number, trials: number, level = 0.95): Interval {
  if (
    !Number.isInteger(successes) ||
    !Number.isInteger(trials) ||
    trials < 1 ||
    successes < 0 ||
    successes > trials
  )
    throw new RangeError(`${successes} successes in ${trials} trials`);
  const tail = (1 - level) / 2;
  return {
    low: successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1),
    high: successes === trials ? 1 : betaQuantile(1 - tail, successes + 1, trials - successes),
    level,
    method: 'Clopper–Pearson',
  };
}

/**
 * Non-members needed before "no false positive seen" supports a false positive rate of `rate`:
 * the smallest n with (1 − rate)^n ≤ (1 − level)/2. 3,688 for .1 %, 368 for 1 %.
 */
export function negativesToSupport(rate: number, level = 0.95): number {
  return Math.ceil(Math.log((1 - level) / 2) / Math.log1p(-rate));
}
