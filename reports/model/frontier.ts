import type { AttackKind } from '../../src/api/attack.ts';
import {
  formatBytes,
  formatInterval,
  formatMetric,
  formatRatio,
  formatSeconds,
} from '../format.ts';
import type { Headline, ReportContext } from './context.ts';
import { meanCosts } from './costs.ts';
import { type DataTable, dataTable } from './data-table.ts';
import { leaksMore } from './judgement.ts';
import type { RowLabel } from './rows.ts';

/** One defense at one ratio: what it leaks at worst, and what it costs. */
export interface FrontierPoint {
  readonly row: RowLabel;
  readonly leakage: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Up and down, per client and round. */
  readonly bytes: number;
  /** Simulated, per round. */
  readonly seconds: number;
  readonly ratioText: string;
}

export interface Frontier {
  readonly kind: AttackKind;
  readonly metric: string;
  readonly unit: string;
  readonly higherMeansMoreLeakage: boolean;
  readonly guess: number | null;
  readonly points: readonly FrontierPoint[];
  readonly table: DataTable;
}

/** Leakage against cost, one frontier per kind of attack that was scored. */
export function frontiers(context: ReportContext): Frontier[] {
  return (['membership', 'reconstruction'] as const).flatMap((kind) => {
    const scored = context.rows.flatMap((row) => {
      const worst = worstHeadline(context, row.key, kind);
      const costs = meanCosts(context, row.key);
      return worst && costs && Number.isFinite(worst.score.value.value)
        ? [{ row, worst, costs }]
        : [];
    });
    const [first] = scored;
    if (!first || scored.length < 2) return [];
    const { metric } = first.worst;
    const guesses = scored.flatMap(({ worst }) => Object.values(worst.score.value.baselines ?? {}));
    return [
      {
        kind,
        metric: metric.title,
        unit: metric.unit,
        higherMeansMoreLeakage: metric.higherMeansMoreLeakage,
        guess:
          guesses.length === 0
            ? null
            : metric.higherMeansMoreLeakage
              ? Math.max(...guesses)
              : Math.min(...guesses),
        points: scored.map(({ row, worst, costs }) => ({
          row,
          leakage: worst.score.value.value,
          low: worst.score.value.interval?.low ?? null,
          high: worst.score.value.interval?.high ?? null,
          bytes: costs.bytes,
          seconds: costs.roundSeconds,
          ratioText: realisedText(context, row),
        })),
        table: dataTable(
          [
            'Defense',
            '#Realised ρ',
            `#${metric.title}`,
            '#Interval',
            'Strongest attack',
            '#Bytes per client and round',
            '#Seconds per round',
          ],
          scored.map(({ row, worst, costs }) => {
            const { value, attack, adversary } = worst.score;
            return [
              row.label,
              realisedText(context, row),
              formatMetric(value.value, metric.unit),
              value.interval ? formatInterval(value.interval, metric.unit) : '–',
              `${context.attack(attack)?.title ?? attack}, ${context.adversary(adversary).title}`,
              formatBytes(costs.bytes),
              formatSeconds(costs.roundSeconds),
            ];
          }),
        ),
      },
    ];
  });
}

/** Over all attacks of a kind that share the first one's headline metric: the one that gets most. */
export function worstHeadline(
  context: ReportContext,
  row: string,
  kind: AttackKind,
): Headline | undefined {
  const all = context.results.attacks
    .filter((attack) => attack.kind === kind)
    .flatMap(({ id }) => context.headline(row, id) ?? []);
  const [first] = all;
  return all
    .filter(({ metric }) => metric.id === first?.metric.id)
    .reduce<Headline | undefined>(
      (worst, one) =>
        !worst || leaksMore(one.score.value.value, worst.score.value.value, one.metric)
          ? one
          : worst,
      undefined,
    );
}

function realisedText(context: ReportContext, row: RowLabel): string {
  const ratio = context.realisedRatio(row.key);
  return ratio === null ? row.ratioText : formatRatio(ratio);
}
