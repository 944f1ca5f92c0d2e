import * as Plot from '@observablehq/plot';
import type { BarPart } from '../model/costs.ts';
import { COLOURS, fillSwatch, type LegendItem } from './palette.ts';
import { type Chart, chart } from './svg.ts';

const PART_COLOURS = ['#56B4E9', '#0072B2', '#E69F00', '#CC79A7', '#009E73', '#D55E00'] as const;

/** Stacked bars, one per defense, or two where up and down differ. */
export function barChart(
  parts: readonly BarPart[],
  axis: { readonly describe: string; readonly label: string; readonly divisor: number },
): Chart {
  const labels = [...new Set(parts.map(({ row }) => row))];
  const names = partNames(parts);
  const directed = parts.some(({ direction }) => direction !== null);
  const name = (label: string, direction: BarPart['direction']) =>
    direction === null ? label : `${label} ${direction === 'up' ? '↑' : '↓'}`;
  const bars = labels.flatMap((label) =>
    (directed ? (['up', 'down'] as const) : [null]).map((direction) => name(label, direction)),
  );
  return chart(axis.describe, 900, ({ shorten, margin }) => {
    // The arrow must survive the cut.
    const shown = ({ row, direction }: BarPart) =>
      direction === null ? shorten(row) : name(shorten(`${row}  `).trimEnd(), direction);
    return {
      height: 60 + bars.length * 22,
      marginLeft: margin(bars),
      marginRight: 20,
      marginTop: 8,
      marginBottom: 42,
      x: { label: axis.label, labelAnchor: 'center', labelArrow: 'none', grid: true, ticks: 5 },
      y: { domain: [...new Set(parts.map(shown))], label: null, tickSize: 0, padding: 0.25 },
      color: { domain: names, range: names.map(partColour) },
      marks: [
        Plot.barX([...parts], {
          y: shown,
          x: ({ amount }: BarPart) => amount / axis.divisor,
          fill: 'part',
          order: names,
          title: ({ row, part }: BarPart) => `${row}: ${part}`,
        }),
        Plot.ruleX([0], { stroke: 'currentColor', strokeOpacity: 0.6 }),
      ],
    };
  });
}

export function barLegend(parts: readonly BarPart[]): LegendItem[] {
  return partNames(parts).map((label, at) => ({
    label,
    swatch: fillSwatch(partColour(label, at)),
  }));
}

function partNames(parts: readonly BarPart[]): string[] {
  return [...new Set(parts.map(({ part }) => part))];
}

function partColour(_name: string, at: number): string {
  return PART_COLOURS[at % PART_COLOURS.length] ?? COLOURS[0];
}
