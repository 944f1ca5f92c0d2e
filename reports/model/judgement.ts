import type { MetricValue } from '../../src/api/metric.ts';
import type { MetricDescription } from '../../src/api/results.ts';

/**
 * What a value says about leakage, from worst to best, and what can't be judged.
 *
 * - `exposed`: the whole interval lies beyond a level at which the attack clearly succeeds;
 * - `leaks`: the whole interval lies above what guessing scores;
 * - `undecided`: the interval includes guessing, and more;
 * - `guessing`: equivalent to guessing, or no better than it;
 * - `unjudged`: no interval, or nothing to compare with.
 */
export type Level = 'exposed' | 'leaks' | 'undecided' | 'guessing' | 'unjudged';

export const LEVELS: Readonly<Record<Level, { symbol: string; words: string; rule: string }>> = {
  exposed: {
    symbol: '▲▲',
    words: 'Exposed',
    rule: 'the whole interval lies where the attack clearly succeeds (AUC or balanced accuracy above 0.6, SSIM above 0.5, PSNR above 20 dB)',
  },
  leaks: {
    symbol: '▲',
    words: 'Leaks',
    rule: 'the whole interval lies above the best guess made without any view',
  },
  undecided: {
    symbol: '◇',
    words: 'Undecided',
    rule: 'the interval includes guessing, or there is one sample only; more samples or seeds are needed',
  },
  guessing: {
    symbol: '●',
    words: 'Like guessing',
    rule: 'two one-sided tests at 5 % place it within ±0.02 of chance (AUC, balanced accuracy; advantage ±0.04), or the whole interval lies no higher than the best guess (other metrics), or the attack had nothing to go by and says that it guesses',
  },
  unjudged: {
    symbol: '–',
    words: 'Not judged',
    rule: 'no interval or no guess to compare with',
  },
};

const WORST_FIRST: readonly Level[] = ['exposed', 'leaks', 'undecided', 'unjudged', 'guessing'];

export function worstLevel(levels: readonly Level[]): Level {
  return WORST_FIRST.find((level) => levels.includes(level)) ?? 'unjudged';
}

/** From this value on an attack clearly succeeds. SSIM .5 is a published success criterion. */
const CLEAR_SUCCESS: Readonly<Record<string, number>> = {
  auc: 0.6,
  'balanced-accuracy': 0.6,
  ssim: 0.5,
  psnr: 20,
  'keys-recovered': 0,
};

/** In results without two one-sided tests, a 95 % interval within the margin stands for them: it is stricter. */
const EQUIVALENCE_MARGIN: Readonly<Record<string, number>> = {
  auc: 0.02,
  'balanced-accuracy': 0.02,
};

/** From this p on, two one-sided tests don't say "guessing". */
const EQUIVALENCE_LEVEL = 0.05;

/** Of all guesses without a view, the one that scores best. */
export function bestGuess(value: MetricValue, metric: MetricDescription): number | null {
  const guesses = Object.values(value.baselines ?? {});
  if (guesses.length === 0) return null;
  return metric.higherMeansMoreLeakage ? Math.max(...guesses) : Math.min(...guesses);
}

export function judge(value: MetricValue, metric: MetricDescription): Level {
  const guess = bestGuess(value, metric);
  if (guess === null) return 'unjudged';
  const towardsLeakage = metric.higherMeansMoreLeakage ? 1 : -1;
  if (value.value === towardsLeakage * Number.POSITIVE_INFINITY) return 'exposed';
  const { interval } = value;
  // Also refuses bounds that are not numbers.
  if (!interval || !(interval.low <= interval.high)) return 'unjudged';

  const [weakest, strongest] = metric.higherMeansMoreLeakage
    ? [interval.low, interval.high]
    : [-interval.high, -interval.low];
  const guessed = towardsLeakage * guess;
  const margin = EQUIVALENCE_MARGIN[metric.id];
  const equivalent = value.equivalence
    ? value.equivalence.p < EQUIVALENCE_LEVEL
    : margin === undefined
      ? strongest <= guessed
      : weakest >= guessed - margin && strongest <= guessed + margin;
  // One sample has no spread: it can show a leak, never the absence of one.
  if (equivalent) return value.n < 2 ? 'undecided' : 'guessing';
  if (weakest <= guessed) return 'undecided';
  const clear = CLEAR_SUCCESS[metric.id];
  return clear !== undefined && weakest > clear ? 'exposed' : 'leaks';
}

/** Whether value `a` means more leakage than value `b`. */
export function leaksMore(a: number, b: number, metric: MetricDescription): boolean {
  return metric.higherMeansMoreLeakage ? a > b : a < b;
}
