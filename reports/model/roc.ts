import type { RocCurve } from '../../src/api/results.ts';
import { formatMetric } from '../format.ts';
import { mean, type ReportContext } from './context.ts';
import { type DataTable, dataTable } from './data-table.ts';
import type { RowLabel } from './rows.ts';

export interface RocLine {
  readonly row: RowLabel;
  readonly points: RocCurve;
}

export interface RocFigure {
  readonly attack: string;
  readonly lines: readonly RocLine[];
  readonly table: DataTable;
}

/** Enough for a smooth line on a linear axis and on one that starts at 10⁻³. */
const GRID: readonly number[] = [
  ...Array.from({ length: 25 }, (_, at) => 10 ** (-3 + at / 12)),
  ...Array.from({ length: 46 }, (_, at) => 0.1 + at / 50),
];

const TABLE_RATES = [0.001, 0.01, 0.1, 0.5];

/** One ROC figure per membership attack; each defense under its strongest adversary. */
export function rocFigures(context: ReportContext): RocFigure[] {
  return context.results.attacks.flatMap(({ id, title }) => {
    const lines = context.rows.flatMap((row) => {
      const adversary = context.headline(row.key, id)?.score.adversary;
      const curves = context.results.cells
        .filter((cell) => cell.row === row.key)
        .flatMap(({ attacks }) =>
          attacks.flatMap((result) =>
            result.attack === id &&
            result.adversary === adversary &&
            result.outcome.status === 'ok' &&
            result.outcome.value.roc
              ? [result.outcome.value.roc]
              : [],
          ),
        );
      return curves.length > 0 ? [{ row, points: averageRoc(curves), adversary }] : [];
    });
    if (lines.length === 0) return [];
    return [
      {
        attack: title,
        lines: lines.map(({ row, points }) => ({ row, points })),
        table: dataTable(
          ['Defense', 'Adversary', ...TABLE_RATES.map((rate) => `#TPR at FPR ${rate * 100} %`)],
          lines.map(({ row, points, adversary }) => [
            row.label,
            context.adversary(adversary ?? '').title,
            ...TABLE_RATES.map((rate) => formatMetric(truePositiveRate(points, rate), 'share')),
          ]),
        ),
      },
    ];
  });
}

/** Vertical averaging over seeds (Fawcett 2006, §9.1): the mean true positive rate at each FPR. */
export function averageRoc(curves: readonly RocCurve[]): RocCurve {
  return GRID.map(
    (rate) => [rate, mean(curves.map((curve) => truePositiveRate(curve, rate)))] as const,
  );
}

/** Linear between the curve's points; at a vertical step, its upper end. */
export function truePositiveRate(curve: RocCurve, rate: number): number {
  let [left, below] = [0, 0];
  for (const [fpr, tpr] of curve) {
    if (fpr > rate) return below + ((tpr - below) * (rate - left)) / (fpr - left);
    [left, below] = [fpr, tpr];
  }
  return below;
}
