import {
  formatBytes,
  formatFactor,
  formatMetric,
  formatNumber,
  formatRho,
  formatSeconds,
} from '../format.ts';
import type { Answer, Family } from './answer.ts';
import type { ReportContext } from './context.ts';
import { type MeanCosts, meanCosts } from './costs.ts';
import type { RowLabel } from './rows.ts';
import { trainingSection } from './training.ts';

type Priced = { readonly row: RowLabel; readonly costs: MeanCosts };

/** Bytes and seconds at the smallest and the largest ratio, beside no and full encryption. */
export function costAnswers(context: ReportContext, families: readonly Family[]): Answer[] {
  const price = (row: RowLabel | undefined): Priced[] => {
    const costs = row && meanCosts(context, row.key);
    return row && costs ? [{ row, costs }] : [];
  };
  const [none] = price(context.rows.find(({ ratio }) => ratio === 0));
  const [full] = price(context.rows.find(({ ratio }) => ratio === 1));
  return families.flatMap(({ title, rows }) => {
    const priced = rows.flatMap(price);
    const [cheapest] = priced;
    if (!cheapest) return [];
    const dearest = priced.at(-1);
    const ends = dearest && dearest !== cheapest ? [cheapest, dearest] : [cheapest];
    const parts = ends.map(({ row, costs }, at) => {
      const [moves, takes] =
        at === 0 ? ['a client moves', 'per round and a round takes'] : ['it moves', 'and takes'];
      return `at ${formatRho(row.ratioText)} ${moves} ${formatBytes(costs.bytes)} ${takes} ${formatSeconds(costs.roundSeconds)}${factors(costs, none)}`;
    });
    const ceiling = full
      ? `; full encryption needs ${formatBytes(full.costs.bytes)} and ${formatSeconds(full.costs.roundSeconds)}`
      : '';
    const text = `${parts.join('; ')}${ceiling}.`;
    return [
      {
        question: `What does ${title} cost?`,
        tone: 'fact' as const,
        lead: none
          ? `${formatFactor(cheapest.costs.bytes / none.costs.bytes)} the bytes at ${formatRho(cheapest.row.ratioText)}.`
          : `${formatBytes(cheapest.costs.bytes)} per client and round.`,
        sentence: text.charAt(0).toUpperCase() + text.slice(1),
      },
    ];
  });
}

function factors(costs: MeanCosts, none: Priced | undefined): string {
  if (!none) return '';
  const bytes = formatFactor(costs.bytes / none.costs.bytes);
  const seconds = formatFactor(costs.roundSeconds / none.costs.roundSeconds);
  return ` (${bytes} the bytes and ${seconds} the time of no encryption)`;
}

/** Differences below half a point are within what rounding and seeds do. */
const NOTICEABLE = 0.005;

export function accuracyAnswer(context: ReportContext): Answer[] {
  const training = trainingSection(context);
  if (!training || training.curves.length < 2) return [];
  const finals = training.curves.flatMap(({ points }) => points.at(-1)?.accuracy ?? []);
  const spread = training.finalSpread;
  return [
    {
      question: 'Does the model suffer?',
      tone: spread <= NOTICEABLE ? 'good' : 'bad',
      lead: spread <= NOTICEABLE ? 'No.' : 'The defenses differ.',
      sentence: `After the last round the test accuracy ${range(Math.min(...finals), Math.max(...finals))}.`,
    },
  ];
}

function range(lowest: number, highest: number): string {
  const [low, high] = [formatMetric(lowest, 'share'), formatMetric(highest, 'share')];
  return low === high
    ? `is ${low} under every defense`
    : `lies between ${low} and ${high}, ${formatNumber((highest - lowest) * 100, 1)} points apart`;
}
