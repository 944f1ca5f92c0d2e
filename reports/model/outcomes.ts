import type { AttackResult, Outcome } from '../../src/api/results.ts';
import { formatCount, formatPlural } from '../format.ts';

/** Why there is no number, in one word with a symbol, and in a sentence. */
export interface Absence {
  readonly symbol: string;
  readonly words: string;
  readonly reason: string;
}

/** `null` for an outcome that has a value. */
export function absence(outcome: Outcome<unknown>): Absence | null {
  switch (outcome.status) {
    case 'ok':
      return null;
    case 'not-applicable':
      return { symbol: '–', words: 'Not applicable', reason: outcome.reason };
    case 'failed':
      return {
        symbol: '✕',
        words: 'Failed',
        reason: [`${outcome.code}: ${outcome.message}`, outcome.hint].filter(Boolean).join(' '),
      };
    case 'timed-out':
      return {
        symbol: '✕',
        words: 'Timed out',
        reason: `Stopped at its limit of ${formatCount(outcome.limitSeconds)} seconds.`,
      };
    case 'skipped':
      return { symbol: '–', words: 'Skipped', reason: outcome.reason };
  }
}

/** The most telling reason why an attack left no score: a failure before a mere inapplicability. */
export function whyMissing(results: readonly AttackResult[]): Absence {
  const reasons = results.flatMap(({ outcome }) => absence(outcome) ?? []);
  return (
    reasons.find(({ symbol }) => symbol === '✕') ??
    reasons[0] ?? { symbol: '–', words: 'Not run', reason: 'This run holds no result for it.' }
  );
}

/** `seed 1` or `3 seeds (1, 2, 3)`. */
export function formatSeeds(seeds: readonly number[]): string {
  const distinct = [...new Set(seeds)];
  return distinct.length === 1
    ? `seed\u00a0${distinct[0]}`
    : `${formatPlural(distinct.length, 'seed')} (${distinct.join(', ')})`;
}
