import type { MetricValue } from '../../src/api/metric.ts';
import { formatMetric, formatRatio } from '../format.ts';
import type { ReportContext } from './context.ts';
import { type DataTable, dataTable } from './data-table.ts';
import { figure, inline } from './figure.ts';
import type { RowLabel } from './rows.ts';

export interface RecallPoint {
  readonly row: RowLabel;
  /** Realised. */
  readonly ratio: number;
  /** 0 … 1. */
  readonly recall: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** One attack by one adversary: the share of a text's tokens it finds, at every ratio. */
export interface TokenRecall {
  readonly attack: string;
  readonly adversary: string;
  readonly points: readonly RecallPoint[];
  /** What naming the usual tokens, or another guess without any view, finds. */
  readonly guess: number | null;
  readonly table: DataTable;
}

const RECALL = 'token-recall';
const BESIDES = ['token-precision', 'token-f1'] as const;

/** Of every attack on texts, for adversaries that are real attackers. */
export function tokenRecalls(context: ReportContext): TokenRecall[] {
  const { results } = context;
  const adversaries = results.adversaries.filter(({ needs }) => needs !== 'upper-bound');
  return results.attacks.flatMap((attack) =>
    adversaries.flatMap((adversary): TokenRecall[] => {
      const score = (row: string, metric: string): MetricValue | undefined =>
        results.pooled.find(
          (one) =>
            one.row === row &&
            one.attack === attack.id &&
            one.adversary === adversary.id &&
            one.metric === metric,
        )?.value;
      const scored = context.rows.flatMap((row) => {
        const recall = score(row.key, RECALL);
        const ratio = context.realisedRatio(row.key) ?? row.ratio;
        return recall && ratio !== null ? [{ row, ratio, recall }] : [];
      });
      if (scored.length === 0) return [];
      const guesses = scored.flatMap(({ recall }) => Object.values(recall.baselines ?? {}));
      const besides = BESIDES.flatMap((id) => context.metric(id) ?? []);
      return [
        {
          attack: attack.title,
          adversary: adversary.title,
          points: scored.map(({ row, ratio, recall: { value, interval } }) => ({
            ...{ row, ratio, recall: value },
            low: interval?.low ?? null,
            high: interval?.high ?? null,
          })),
          guess: guesses.length > 0 ? Math.max(...guesses) : null,
          table: dataTable(
            [
              ...['Defense', '#Realised ρ', '#Tokens found', '#A guess finds'],
              ...besides.map(({ title }) => `#${title}`),
              '#Probes',
            ],
            scored.map(({ row, ratio, recall }) => [
              row.label,
              formatRatio(ratio),
              inline(figure(recall, { unit: 'share' })),
              guessOf(recall),
              ...besides.map(({ id, unit }) => {
                const value = score(row.key, id);
                return value ? inline(figure(value, { unit })) : '–';
              }),
              figure(recall, { unit: 'share' }).n,
            ]),
          ),
        },
      ];
    }),
  );
}

function guessOf({ baselines = {} }: MetricValue): string {
  const guesses = Object.values(baselines);
  return guesses.length > 0 ? formatMetric(Math.max(...guesses), 'share') : '–';
}
