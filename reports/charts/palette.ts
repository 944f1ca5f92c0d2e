import * as Plot from '@observablehq/plot';
import type { RowLabel } from '../model/rows.ts';
import { plot, type Svg } from './svg.ts';

/**
 * Okabe–Ito, safe for colour-blind readers, without its pale yellow. The page lightens some of them on
 * a dark ground; a chart taken out of the page keeps the originals.
 */
export const OKABE_ITO = {
  ink: 'currentColor',
  green: 'var(--green, #009E73)',
  orange: 'var(--orange, #E69F00)',
  blue: 'var(--blue, #0072B2)',
  purple: 'var(--purple, #CC79A7)',
  vermilion: 'var(--vermilion, #D55E00)',
  sky: 'var(--sky, #56B4E9)',
  grey: '#8C8C8C',
} as const;

const { ink, green, orange, blue, purple, vermilion, sky, grey } = OKABE_ITO;
const SERIES = [ink, green, orange, blue, purple, vermilion, sky, grey] as const;

const SYMBOLS = [
  'circle',
  'diamond',
  'square',
  'triangle',
  'star',
  'wye',
  'cross',
  'hexagon',
] as const;

const DASHES = ['none', '7 3', '2 3', '9 3 2 3', '1 5', '12 4'] as const;

export interface SeriesStyle {
  readonly colour: string;
  readonly symbol: (typeof SYMBOLS)[number];
  readonly dash: string;
}

export function seriesStyle(index: number, rank = 0): SeriesStyle {
  return {
    colour: SERIES[index % SERIES.length] ?? ink,
    symbol: SYMBOLS[index % SYMBOLS.length] ?? 'circle',
    dash: DASHES[rank % DASHES.length] ?? 'none',
  };
}

/** Colour and symbol name the defense, the dash its ratio: the same in every chart. */
export function rowStyle({ familyIndex, rank }: RowLabel): SeriesStyle {
  return seriesStyle(familyIndex, rank);
}

export interface LegendItem {
  readonly label: string;
  readonly swatch: Svg;
}

const SWATCH = { height: 12, margin: 0, axis: null, y: { domain: [-1, 1] } } as const;

export function lineSwatch({ colour, dash }: SeriesStyle): Svg {
  return plot('', {
    ...SWATCH,
    width: 30,
    x: { domain: [0, 1] },
    marks: [
      Plot.ruleY([0], { stroke: colour, strokeWidth: 2, strokeDasharray: dash, x1: 0, x2: 1 }),
    ],
  });
}

export function symbolSwatch({ colour, symbol }: SeriesStyle): Svg {
  return plot('', {
    ...SWATCH,
    width: 12,
    x: { domain: [-1, 1] },
    marks: [Plot.dot([0], { x: 0, y: 0, fill: colour, symbol, r: 4 })],
  });
}

export function fillSwatch(colour: string): Svg {
  return plot('', {
    ...SWATCH,
    width: 12,
    x: { domain: [-1, 1] },
    marks: [Plot.rect([0], { x1: -1, x2: 1, y1: -1, y2: 1, fill: colour })],
  });
}

/** One entry per defense, whatever its ratio. */
export function familyLegend(rows: readonly RowLabel[]): LegendItem[] {
  const first = new Map(rows.map((row) => [row.family, row]));
  return [...first.values()].map((row) => ({
    label: row.familyTitle,
    swatch: symbolSwatch(rowStyle(row)),
  }));
}

/** One entry per row. */
export function rowLegend(rows: readonly RowLabel[]): LegendItem[] {
  return rows.map((row) => ({ label: row.label, swatch: lineSwatch(rowStyle(row)) }));
}
