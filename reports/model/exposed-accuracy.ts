import { formatNumber } from '../format.ts';
import type { ReportContext } from './context.ts';
import { type DataTable, dataTable } from './data-table.ts';
import { type Figure, figure, inline } from './figure.ts';
import type { RowLabel } from './rows.ts';

export interface ExposedPoint {
  readonly row: RowLabel;
  readonly adversary: string;
  readonly adversaryTitle: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly figure: Figure;
}

export interface ExposedAccuracySection {
  readonly points: readonly ExposedPoint[];
  readonly table: DataTable;
  /** Published values beside ours; `null` where the run matches none. */
  readonly published: DataTable | null;
}

/** MaskCrypt (TDSC 2024), Table 2, MNIST: accuracy of the exposed model on members. */
const PUBLISHED: readonly { defense: string; ratio: number; value: number }[] = [
  { defense: 'random', ratio: 0.05, value: 0.93 },
  { defense: 'random', ratio: 0.25, value: 0.95 },
  { defense: 'maskcrypt', ratio: 0.05, value: 0.22 },
  { defense: 'maskcrypt', ratio: 0.25, value: 0.14 },
];

/** What the model that an adversary pieces together gets right on the victims' own samples. */
export function exposedAccuracySection(context: ReportContext): ExposedAccuracySection | null {
  const metric = context.metric('exposed-accuracy');
  if (!metric) return null;
  const points = context.rows.flatMap((row) =>
    context.results.adversaries.flatMap(({ id, title }) => {
      const score = context.results.pooled.find(
        (one) => one.row === row.key && one.adversary === id && one.metric === metric.id,
      );
      if (!score) return [];
      return [
        {
          row,
          adversary: id,
          adversaryTitle: title,
          value: score.value.value,
          low: score.value.interval?.low ?? null,
          high: score.value.interval?.high ?? null,
          figure: figure(score.value, metric, score.seeds),
        },
      ];
    }),
  );
  if (points.length === 0) return null;
  return {
    points,
    table: dataTable(
      ['Defense', 'Adversary', '#Accuracy on members', '#Samples'],
      points.map((point) => [
        point.row.label,
        point.adversaryTitle,
        inline(point.figure),
        point.figure.n,
      ]),
    ),
    published: publishedBesideOurs(context, points),
  };
}

function publishedBesideOurs(
  context: ReportContext,
  points: readonly ExposedPoint[],
): DataTable | null {
  const { dataset } = context.results;
  if (dataset.id !== 'mnist' || dataset.synthetic) return null;
  const rows = PUBLISHED.flatMap(({ defense, ratio, value }) => {
    const same = points.filter(
      ({ row }) =>
        row.family === defense && row.ratio !== null && Math.abs(row.ratio - ratio) < 1e-9,
    );
    const stale = same.find(({ adversary }) => adversary === 'stale');
    const strongest = same
      .filter(({ adversary }) => context.adversary(adversary).needs === 'server')
      .reduce<ExposedPoint | undefined>(
        (best, point) => (!best || point.value > best.value ? point : best),
        undefined,
      );
    if (!stale && !strongest) return [];
    return [
      [
        same[0]?.row.label ?? defense,
        `${formatNumber(value * 100, 0)}\u00a0%`,
        stale ? inline(stale.figure) : '–',
        strongest ? `${inline(strongest.figure)} (${strongest.adversaryTitle})` : '–',
      ],
    ];
  });
  return rows.length === 0
    ? null
    : dataTable(
        ['Defense', '#Published', '#Ours, stale estimate', '#Ours, strongest adversary'],
        rows,
      );
}
