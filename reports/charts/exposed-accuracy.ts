import * as Plot from '@observablehq/plot';
import type { ExposedAccuracySection, ExposedPoint } from '../model/exposed-accuracy.ts';
import { inline } from '../model/figure.ts';
import { type LegendItem, seriesStyle, symbolSwatch } from './palette.ts';
import { type Chart, chart } from './svg.ts';

/** How well the model each adversary pieces together classifies the victims' samples. */
export function exposedAccuracyChart({ points }: ExposedAccuracySection): Chart {
  const labels = [...new Set(points.map(({ row }) => row.label))];
  const adversaries = [...new Set(points.map(({ adversary }) => adversary))];
  return chart('Accuracy of the exposed model on members', 900, ({ shorten, margin }) => {
    const y = ({ row }: ExposedPoint) => row.label;
    return {
      height: 66 + labels.length * 30,
      marginLeft: margin(labels),
      marginRight: 24,
      marginTop: 10,
      marginBottom: 42,
      x: {
        domain: [0, 1],
        label: 'Accuracy on members',
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: 5,
        tickFormat: (value: number) => `${Math.round(value * 100)}%`,
        grid: true,
      },
      y: { type: 'band', domain: labels, label: null, tickSize: 0, tickFormat: shorten },
      marks: adversaries.flatMap((adversary, at) => {
        const { colour, symbol } = seriesStyle(adversaryStyleIndex(at));
        const mine = points.filter((point) => point.adversary === adversary);
        // Side by side within a row, so that equal values stay visible.
        const dy = (at - (adversaries.length - 1) / 2) * 5;
        return [
          Plot.ruleY(
            mine.filter(({ low, high }) => low !== null && high !== null),
            { y, x1: 'low', x2: 'high', stroke: colour, strokeWidth: 1.25, dy },
          ),
          Plot.dot(mine, {
            y,
            x: 'value',
            fill: colour,
            symbol,
            r: 4,
            dy,
            title: (point: ExposedPoint) =>
              `${point.row.label}, ${point.adversaryTitle}: ${inline(point.figure)}`,
          }),
        ];
      }),
    };
  });
}

export function adversaryLegend({ points }: ExposedAccuracySection): LegendItem[] {
  const titles = [...new Map(points.map((one) => [one.adversary, one.adversaryTitle])).values()];
  return titles.map((label, at) => ({
    label,
    swatch: symbolSwatch(seriesStyle(adversaryStyleIndex(at))),
  }));
}

/** Colours no defense of the usual four has, so that nobody reads a defense into them. */
function adversaryStyleIndex(position: number): number {
  return (position + 4) % 8;
}
