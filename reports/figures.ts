import { accuracyChart } from './charts/accuracy.ts';
import { barChart, barLegend } from './charts/bars.ts';
import { adversaryLegend, exposedAccuracyChart } from './charts/exposed-accuracy.ts';
import { forestChart } from './charts/forest.ts';
import { frontierChart } from './charts/frontier.ts';
import { familyLegend, type LegendItem, rowLegend } from './charts/palette.ts';
import { rocChart } from './charts/roc.ts';
import type { Chart } from './charts/svg.ts';
import { tokenRecallChart } from './charts/token-recall.ts';
import type { DataTable } from './model/data-table.ts';
import type { ReportModel } from './model/report-model.ts';
import type { TokenRecall } from './model/token-recall.ts';

/** A chart with its title, legend and the table under it. */
export interface FigureView {
  readonly title: string;
  readonly note: string | null;
  readonly chart: Chart;
  readonly legend: readonly LegendItem[];
  readonly table: DataTable;
}

/** Charts that share their legend. */
export interface FigureGroup {
  readonly title: string;
  readonly note: string | null;
  readonly legend: readonly LegendItem[];
  readonly figures: readonly FigureView[];
}

/** Every chart of the page, by the section that shows it. */
export interface Figures {
  readonly forests: readonly FigureView[];
  readonly frontiers: readonly {
    readonly title: string;
    readonly figures: readonly FigureView[];
  }[];
  readonly roc: readonly { readonly title: string; readonly figures: readonly FigureView[] }[];
  /** One per attack on texts. */
  readonly recalls: readonly FigureGroup[];
  readonly exposedAccuracy: FigureView | null;
  readonly training: FigureView | null;
  readonly bytes: FigureView | null;
  readonly seconds: FigureView | null;
}

export function drawFigures(model: ReportModel): Figures {
  const { exposedAccuracy, training, costs } = model;
  return {
    forests: model.comparisons.forests.map((forest) => ({
      title: forest.title,
      note: forest.axis,
      chart: forestChart(forest),
      legend: [],
      table: forest.table,
    })),
    frontiers: model.frontiers.map((frontier) => ({
      title: frontier.kind === 'membership' ? 'Membership' : 'Reconstruction',
      note: `${frontier.higherMeansMoreLeakage ? 'Lower' : 'Higher'} and further left is better.`,
      legend: familyLegend(frontier.points.map(({ row }) => row)),
      figures: (['bytes', 'seconds'] as const).map((cost) => ({
        title: cost === 'bytes' ? 'Against bytes' : 'Against time',
        note: null,
        chart: frontierChart(frontier, cost),
        legend: [],
        table: frontier.table,
      })),
    })),
    roc: model.roc.map((roc) => ({
      title: roc.attack,
      note: null,
      legend: rowLegend(roc.lines.map(({ row }) => row)),
      figures: (['linear', 'log'] as const).map((scale) => ({
        title: scale === 'linear' ? 'Linear axes' : 'Logarithmic axes',
        note: null,
        chart: rocChart(roc, scale),
        legend: [],
        table: roc.table,
      })),
    })),
    recalls: recallGroups(model.language?.recalls ?? []),
    exposedAccuracy: exposedAccuracy && {
      title: 'Accuracy of the exposed model on members',
      note: null,
      chart: exposedAccuracyChart(exposedAccuracy),
      legend: adversaryLegend(exposedAccuracy),
      table: exposedAccuracy.table,
    },
    training: training && {
      title: 'Test accuracy of the aggregated model',
      note: training.coincide
        ? 'The lines coincide: these defenses encrypt the same updates and do not change training.'
        : null,
      chart: accuracyChart(training),
      legend: rowLegend(training.curves.map(({ row }) => row)),
      table: training.table,
    },
    bytes: costs && {
      title: 'Bytes per client and round',
      note: '↑ what a client sends, ↓ what it receives. 1 MiB = 2^20 bytes; 1 MB = 10^6 bytes.',
      chart: barChart(costs.bytes.parts, {
        describe: 'Bytes per client and round, by kind',
        label: 'MiB',
        divisor: 2 ** 20,
      }),
      legend: barLegend(costs.bytes.parts),
      table: costs.bytes.table,
    },
    seconds: costs && {
      title: 'Seconds by step',
      note: 'Measured, mean per client and round; aggregation is per round, at the server.',
      chart: barChart(costs.seconds.parts, {
        describe: 'Seconds by step',
        label: 'Seconds',
        divisor: 1,
      }),
      legend: barLegend(costs.seconds.parts),
      table: costs.seconds.table,
    },
  };
}

/** Per attack, one chart per adversary. */
function recallGroups(recalls: readonly TokenRecall[]): FigureGroup[] {
  return [...new Set(recalls.map(({ attack }) => attack))].map((title) => {
    const mine = recalls.filter(({ attack }) => attack === title);
    return {
      title,
      note: null,
      legend: familyLegend(mine.flatMap(({ points }) => points.map(({ row }) => row))),
      figures: mine.map((recall) => ({
        title: recall.adversary,
        note: null,
        chart: tokenRecallChart(recall),
        legend: [],
        table: recall.table,
      })),
    };
  });
}
