import * as Plot from '@observablehq/plot';
import type { RocFigure } from '../model/roc.ts';
import { rowStyle } from './palette.ts';
import { type Chart, chart } from './svg.ts';

const SMALLEST = 0.001;

/** True against false positive rate; the log-log form shows the few members found with certainty. */
export function rocChart(figure: RocFigure, scale: 'linear' | 'log'): Chart {
  const domain = scale === 'log' ? [SMALLEST, 1] : [0, 1];
  const axis = {
    type: scale,
    domain,
    clamp: true,
    ticks: scale === 'log' ? [0.001, 0.01, 0.1, 1] : 5,
    tickFormat: (value: number) => `${Math.round(value * 1000) / 10}%`,
  };
  const diagonal = Array.from({ length: 2 }, (_, at) => domain[at] ?? 0);
  return chart(`ROC of ${figure.attack}, ${scale} axes`, 440, ({ width }) => ({
    height: Math.min(400, width),
    marginLeft: 46,
    marginRight: 20,
    marginTop: 30,
    marginBottom: 42,
    x: { ...axis, label: 'False positive rate', labelAnchor: 'center', labelArrow: 'none' },
    y: { ...axis, label: 'True positive rate', grid: true },
    marks: [
      Plot.line(diagonal, {
        x: (value: number) => value,
        y: (value: number) => value,
        stroke: 'currentColor',
        strokeOpacity: 0.5,
        strokeDasharray: '2 3',
      }),
      ...figure.lines.map(({ row, points }) => {
        const { colour, dash } = rowStyle(row);
        const floor = scale === 'log' ? SMALLEST : 0;
        return Plot.line(
          points.map(([fpr, tpr]) => ({ fpr: Math.max(fpr, floor), tpr: Math.max(tpr, floor) })),
          {
            x: 'fpr',
            y: 'tpr',
            stroke: colour,
            strokeDasharray: dash,
            strokeWidth: 1.75,
            title: () => row.label,
          },
        );
      }),
    ],
  }));
}
