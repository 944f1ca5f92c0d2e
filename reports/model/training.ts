import { formatMetric, formatNumber } from '../format.ts';
import { mean, type ReportContext } from './context.ts';
import { type DataTable, dataTable } from './data-table.ts';
import type { RowLabel } from './rows.ts';

export interface AccuracyPoint {
  readonly round: number;
  /** 0 … 1, mean over seeds. */
  readonly accuracy: number;
}

export interface TrainingSection {
  readonly curves: readonly { readonly row: RowLabel; readonly points: readonly AccuracyPoint[] }[];
  readonly table: DataTable;
  /** Largest difference between two defenses in the last round, 0 … 1. */
  readonly finalSpread: number;
  readonly coincide: boolean;
}

/** Test accuracy of the aggregated model, round by round. */
export function trainingSection(context: ReportContext): TrainingSection | null {
  const curves = context.rows.flatMap((row) => {
    const cells = context.trained(row.key).map(({ federation }) => federation.value.rounds);
    const rounds = [...new Set(cells.flatMap((list) => list.map(({ round }) => round)))].sort(
      (a, b) => a - b,
    );
    if (rounds.length === 0) return [];
    const points = rounds.map((round) => ({
      round,
      accuracy: mean(
        cells.flatMap((list) =>
          list.filter((one) => one.round === round).map(({ testAccuracy }) => testAccuracy),
        ),
      ),
    }));
    const worstError = Math.max(
      ...cells.flatMap((list) => list.map(({ aggregationError }) => aggregationError)),
    );
    return [{ row, points, seeds: cells.length, worstError }];
  });
  if (curves.length === 0) return null;
  const finals = curves.flatMap(({ points }) => points.at(-1)?.accuracy ?? []);
  const finalSpread = Math.max(...finals) - Math.min(...finals);
  return {
    curves: curves.map(({ row, points }) => ({ row, points })),
    table: dataTable(
      [
        'Defense',
        '#First round',
        '#Last round',
        '#Rounds',
        '#Seeds',
        '#Largest |HE − plain| of any weight',
      ],
      curves.map(({ row, points, seeds, worstError }) => [
        row.label,
        formatMetric(points[0]?.accuracy ?? Number.NaN, 'share'),
        formatMetric(points.at(-1)?.accuracy ?? Number.NaN, 'share'),
        String(points.length),
        String(seeds),
        worstError === 0 ? '0' : scientific(worstError),
      ]),
    ),
    finalSpread,
    coincide: curves.length > 1 && finalSpread < 0.0005,
  };
}

/** `2.1 × 10⁻⁸` */
function scientific(value: number): string {
  const exponent = Math.floor(Math.log10(value));
  const superscript = [...String(exponent)]
    .map((digit) => (digit === '-' ? '⁻' : ('⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? '')))
    .join('');
  return `${formatNumber(value / 10 ** exponent, 1)} × 10${superscript}`;
}
