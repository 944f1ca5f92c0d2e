import type { MetricValue } from '../api/metric.ts';

/** What a defense has to reach: `psnr < null + 1 dB`. */
export interface Target {
  readonly text: string;
  readonly metric: string;
  /** `<`: the whole interval must lie below the limit; `>`: above. */
  readonly operator: '<' | '>';
  /** `null`: relative to the best guess without any view. */
  readonly from: 'zero' | 'null';
  /** Added to that, in the metric's unit. */
  readonly offset: number;
}

/** A text that is no target. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?`;
const FORM = new RegExp(
  String.raw`^(?<metric>[a-z][\w-]*)\s*(?<operator>[<>])\s*(?:(?<null>null)(?:\s*(?<sign>[-+])\s*(?<offset>${NUMBER}))?|(?<value>${NUMBER}))\s*(?:dB)?$`,
  'i',
);

/**
 * Reads `METRIC < VALUE`, or `METRIC < null + VALUE`, where `null` is the best score of a guess without
 * any view (the mean image; coin flipping). A unit (dB) may follow.
 *
 * @throws {TargetError} saying what a target looks like.
 */
export function parseTarget(text: string): Target {
  const parts = FORM.exec(text.trim())?.groups;
  if (!parts?.metric)
    throw new TargetError(
      `'${text}' is no target. Write it like 'psnr < null + 1 dB', 'ssim < 0.3' or 'auc < null + 0.02': a metric, a limit, and null for what a guess without any view scores.`,
    );
  const offset = Number(parts.offset ?? parts.value ?? 0);
  return {
    text: text.trim(),
    metric: parts.metric,
    operator: parts.operator as '<' | '>',
    from: parts.null ? 'null' : 'zero',
    offset: parts.sign === '-' ? -offset : offset,
  };
}

/** Where a score stands to a target. */
export interface Standing {
  /** In the metric's unit; of the mean, where the target is relative to a guess. */
  readonly limit: number;
  readonly reached: boolean;
  /** Why a score without an interval, or without a baseline, can't reach a target. */
  readonly reason?: string;
}

/**
 * Holds a score against the target: its whole interval must keep the limit, so that a ratio is not
 * called safe because little was measured. Relative to a guess, it is the interval of the paired
 * difference, where there is one: an image that is easy to guess is easy to reconstruct.
 */
export function standingOf(
  { operator, from, offset }: Target,
  { value, interval, baselines, overNull }: MetricValue,
  higherMeansMoreLeakage: boolean,
): Standing {
  const guesses = Object.values(baselines ?? {});
  if (from === 'null' && guesses.length === 0)
    return { limit: Number.NaN, reached: false, reason: 'the metric has no null baseline here' };
  const best = higherMeansMoreLeakage ? Math.max(...guesses) : Math.min(...guesses);
  const limit = (from === 'null' ? best : 0) + offset;
  const paired = from === 'null' ? overNull : undefined;
  const [judged, bound] = paired ? [paired.interval, offset] : [interval, limit];
  if (!judged)
    return {
      limit,
      reached: false,
      reason: `one value (${value.toFixed(3)}) has no interval; ask for more seeds, probes or victims`,
    };
  return { limit, reached: operator === '<' ? judged.high < bound : judged.low > bound };
}
