import * as Plot from '@observablehq/plot';
import type { BarPart } from '../model/costs.ts';
import { fillSwatch, type LegendItem, OKABE_ITO } from './palette.ts';
import { type Chart, chart } from './svg.ts';

const { blue, orange, green, purple, sky, vermilion } = OKABE_ITO;
// Neighbours in a bar differ in lightness too.
const PART_COLOURS = [blue, orange, green, purple, sky, vermilion] as const;

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
    const y = ({ row, direction }: BarPart) => name(row, direction);
    return {
      height: 60 + bars.length * 22,
      marginLeft: margin(bars),
      marginRight: 20,
      marginTop: 8,
      marginBottom: 42,
      x: { label: axis.label, labelAnchor: 'center', labelArrow: 'none', grid: true, ticks: 5 },
      y: { domain: bars, label: null, tickSize: 0, padding: 0.25, tickFormat: shorten },
      color: { domain: names, range: names.map((_, at) => partColour(at)) },
      marks: [
        Plot.barX([...parts], {
          y,
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
    swatch: fillSwatch(partColour(at)),
  }));
}

function partNames(parts: readonly BarPart[]): string[] {
  return [...new Set(parts.map(({ part }) => part))];
}

function partColour(at: number): string {
  return PART_COLOURS[at % PART_COLOURS.length] ?? OKABE_ITO.ink;
}
