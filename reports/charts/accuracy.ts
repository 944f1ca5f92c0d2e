import * as Plot from '@observablehq/plot';
import type { TrainingSection } from '../model/training.ts';
import { rowStyle } from './palette.ts';
import { type Chart, chart } from './svg.ts';

/** Test accuracy of the aggregated model, round by round. */
export function accuracyChart({ curves }: TrainingSection): Chart {
  const rounds = curves.flatMap(({ points }) => points.map(({ round }) => round));
  return chart('Test accuracy per round', 900, ({ width }) => ({
    height: Math.min(320, width),
    marginLeft: 46,
    marginRight: 20,
    marginTop: 30,
    marginBottom: 42,
    x: {
      label: 'Round',
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: [...new Set(rounds)].length > 12 ? 8 : [...new Set(rounds)],
      tickFormat: 'd',
    },
    y: {
      label: 'Test accuracy',
      grid: true,
      nice: true,
      ticks: 5,
      tickFormat: (value: number) => `${Math.round(value * 1000) / 10}%`,
    },
    marks: curves.flatMap(({ row, points }) => {
      const { colour, dash, symbol } = rowStyle(row);
      return [
        Plot.line(points, {
          x: 'round',
          y: 'accuracy',
          stroke: colour,
          strokeDasharray: dash,
          strokeWidth: 1.75,
        }),
        Plot.dot(points, {
          x: 'round',
          y: 'accuracy',
          fill: colour,
          symbol,
          r: 2.5,
          title: ({ round, accuracy }: { round: number; accuracy: number }) =>
            `${row.label}, round ${round}: ${(accuracy * 100).toFixed(1)} %`,
        }),
      ];
    }),
  }));
}
