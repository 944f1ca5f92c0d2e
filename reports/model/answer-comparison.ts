import type { Comparison } from '../../src/api/results.ts';
import { formatCount, formatPlural } from '../format.ts';
import type { Answer } from './answer.ts';
import { verdictOf } from './comparisons.ts';
import type { ReportContext } from './context.ts';

/** One answer per pair of defenses compared at equal ratio; none where nothing was compared. */
export function comparisonAnswers(context: ReportContext): Answer[] {
  const fair = context.results.comparisons.filter(
    (one) =>
      one.equalRatio &&
      context.adversary(one.adversary).needs === 'server' &&
      context.headlineMetric(one.attack)?.id === one.metric,
  );
  const pairs = new Map<string, Comparison[]>();
  for (const one of fair) {
    const key = JSON.stringify([context.row(one.a).family, context.row(one.b).family]);
    pairs.set(key, [...(pairs.get(key) ?? []), one]);
  }
  return [...pairs.values()].flatMap((comparisons) => {
    const [first] = comparisons;
    return first ? [answer(context, comparisons, first)] : [];
  });
}

function answer(
  context: ReportContext,
  comparisons: readonly Comparison[],
  first: Comparison,
): Answer {
  const a = context.row(first.a).familyTitle;
  const b = context.row(first.b).familyTitle;
  const decided = (verdict: Comparison['verdict'], of = comparisons) =>
    of.filter((one) => verdictOf(one) === verdict).length;
  const less = decided('a-leaks-less');
  const more = decided('b-leaks-less');
  const open = decided('undecided');
  const informed = comparisons.filter(({ adversary }) => adversary !== 'stale');
  const informedLess = decided('a-leaks-less', informed);
  const naive =
    informed.length > 0 && informed.length < comparisons.length
      ? ` Against adversaries that know more than a stale estimate, ${a} leaks less in ${formatCount(informedLess)} of ${formatCount(informed.length)}.`
      : '';
  return {
    question: `Does ${a} protect better than ${b} at the same ratio?`,
    ...lead(less, more, informed.length > 0 && informedLess === 0),
    sentence: `Of ${formatPlural(comparisons.length, 'paired comparison')} at equal realised ratio (Holm-corrected p < 0.05), ${a} leaks less in ${formatCount(less)} and more in ${formatCount(more)}; ${formatCount(open)} stay undecided.${naive}`,
  };
}

function lead(
  less: number,
  more: number,
  onlyAgainstStale: boolean,
): Pick<Answer, 'tone' | 'lead'> {
  if (less > 0 && more > 0) return { tone: 'open', lead: 'It depends on the attack.' };
  if (more > 0) return { tone: 'bad', lead: 'No, it leaks more.' };
  if (less === 0) return { tone: 'open', lead: 'Undecided.' };
  return onlyAgainstStale
    ? { tone: 'open', lead: 'Only against the stale estimate.' }
    : { tone: 'good', lead: 'Yes, where it could be decided.' };
}
