import type { Comparison, MetricDescription } from '../../src/api/results.ts';
import { formatCount, formatDifference, formatInterval, formatP, formatRatio } from '../format.ts';
import type { ReportContext } from './context.ts';
import { type DataTable, dataTable } from './data-table.ts';

export type ComparisonVerdict = Comparison['verdict'] | 'unequal';

/** One line of a forest plot. */
export interface ForestLine {
  readonly label: string;
  readonly difference: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly verdict: ComparisonVerdict;
  readonly words: string;
  /** Full sentence for the tooltip. */
  readonly title: string;
}

export interface Forest {
  readonly title: string;
  readonly axis: string;
  readonly unit: string;
  /** What lies left and right of zero. */
  readonly left: string;
  readonly right: string;
  /** Whether less leakage of the first lies on the left. */
  readonly lessIsLeft: boolean;
  readonly lines: readonly ForestLine[];
  readonly table: DataTable;
}

export interface ComparisonSection {
  readonly forests: readonly Forest[];
  /** The same in the metrics that carry no verdict. */
  readonly others: DataTable;
  readonly fair: number;
  readonly unequal: number;
}

export function comparisonSection(context: ReportContext): ComparisonSection {
  const comparisons = context.results.comparisons.filter(
    ({ adversary }) => context.adversary(adversary).needs === 'server',
  );
  const isHeadline = ({ attack, metric }: Comparison) =>
    context.headlineMetric(attack)?.id === metric;
  const shown = comparisons.filter(isHeadline);
  const attacks = [...new Set(shown.map(({ attack }) => attack))];
  return {
    forests: attacks.flatMap((attack) => {
      const metric = context.headlineMetric(attack);
      return metric
        ? [
            forest(
              context,
              metric,
              shown.filter((one) => one.attack === attack),
            ),
          ]
        : [];
    }),
    others: comparisonTable(
      context,
      comparisons.filter((one) => !isHeadline(one)),
    ),
    fair: comparisons.filter(({ equalRatio }) => equalRatio).length,
    unequal: comparisons.filter(({ equalRatio }) => !equalRatio).length,
  };
}

/**
 * Whether defense a leaks less, b does, or neither can be said. Resampling a single image or client
 * always gives the same difference, so one sample decides nothing, whatever its p.
 */
export function verdictOf({ equalRatio, difference, verdict }: Comparison): ComparisonVerdict {
  if (!equalRatio) return 'unequal';
  return difference.n < 2 ? 'undecided' : verdict;
}

function forest(
  context: ReportContext,
  metric: MetricDescription,
  comparisons: readonly Comparison[],
): Forest {
  const pairs = new Set(comparisons.map((one) => pairTitle(context, one)));
  const [first] = comparisons;
  const a = first && pairs.size === 1 ? context.row(first.a).familyTitle : 'The first';
  const b = first && pairs.size === 1 ? context.row(first.b).familyTitle : 'the second';
  const less = `${a} leaks less`;
  const more = `${a} leaks more`;
  return {
    title: first ? (context.attack(first.attack)?.title ?? first.attack) : '',
    axis: `Difference in ${metric.title}, ${a} − ${b}${metric.unit === 'share' ? ', points' : metric.unit && `, ${metric.unit}`}`,
    unit: metric.unit,
    left: metric.higherMeansMoreLeakage ? less : more,
    right: metric.higherMeansMoreLeakage ? more : less,
    lessIsLeft: metric.higherMeansMoreLeakage,
    lines: comparisons.map((one) => {
      const { value, interval } = one.difference;
      const words = verdictWords(context, one);
      const who = context.adversary(one.adversary).title;
      const ratio = `ρ ${context.row(one.a).ratioText}`;
      const pair = pairs.size === 1 ? ratio : `${pairTitle(context, one)}, ${ratio}`;
      const difference = formatDifference(value, metric.unit);
      return {
        label: `${pair}, ${who}`,
        difference: value,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        verdict: verdictOf(one),
        words,
        title: `${difference}${interval ? ` ${formatInterval(interval, metric.unit)}` : ''}, corrected p ${formatP(one.adjustedP)}: ${words}`,
      };
    }),
    table: comparisonTable(context, comparisons, 'attack and metric'),
  };
}

/** Inside a forest the attack and the metric are known; elsewhere each line names them. */
function comparisonTable(
  context: ReportContext,
  comparisons: readonly Comparison[],
  known: 'attack and metric' | 'nothing' = 'nothing',
): DataTable {
  const named = known === 'nothing';
  return dataTable(
    [
      'Compared',
      'Adversary',
      ...(named ? ['Attack', 'Metric'] : []),
      '#Realised ratio',
      '#Difference',
      '#Interval',
      '#n',
      '#p',
      '#p (Holm)',
      'Verdict',
    ],
    comparisons.map((one) => {
      const metric = context.metric(one.metric);
      const unit = metric?.unit ?? '';
      const { value, interval, n } = one.difference;
      return [
        `${pairTitle(context, one)}, ρ\u00a0${context.row(one.a).ratioText}`,
        context.adversary(one.adversary).title,
        ...(named
          ? [context.attack(one.attack)?.title ?? one.attack, metric?.title ?? one.metric]
          : []),
        `${formatRatio(one.realisedRatio.a)} / ${formatRatio(one.realisedRatio.b)}`,
        formatDifference(value, unit),
        interval ? formatInterval(interval, unit) : '–',
        formatCount(n),
        formatP(one.p),
        formatP(one.adjustedP),
        verdictWords(context, one),
      ];
    }),
  );
}

function verdictWords(context: ReportContext, comparison: Comparison): string {
  switch (verdictOf(comparison)) {
    case 'a-leaks-less':
      return `${context.row(comparison.a).familyTitle} leaks less`;
    case 'b-leaks-less':
      return `${context.row(comparison.b).familyTitle} leaks less`;
    case 'undecided':
      return comparison.difference.n < 2 ? 'undecided: one sample' : 'undecided';
    case 'unequal':
      return 'ratios differ: not a fair comparison';
  }
}

function pairTitle(context: ReportContext, { a, b }: Comparison): string {
  return `${context.row(a).familyTitle} − ${context.row(b).familyTitle}`;
}
