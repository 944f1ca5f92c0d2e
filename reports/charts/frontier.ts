import * as Plot from '@observablehq/plot';
import type { Frontier, FrontierPoint } from '../model/frontier.ts';
import { rowStyle } from './palette.ts';
import { type Chart, chart } from './svg.ts';

/** Leakage against one kind of cost; the ratios of a defense are joined by a line. */
export function frontierChart(frontier: Frontier, cost: 'bytes' | 'seconds'): Chart {
  const { points, metric, unit, guess } = frontier;
  const amount = (point: FrontierPoint) =>
    cost === 'bytes' ? point.bytes / 2 ** 20 : point.seconds;
  const costLabel =
    cost === 'bytes' ? 'MiB per client and round, up and down' : 'Simulated seconds per round';
  const scale = unit === 'share' ? 100 : 1;
  const families = [...new Set(points.map(({ row }) => row.family))].map((family) =>
    points.filter(({ row }) => row.family === family).sort((a, b) => amount(a) - amount(b)),
  );
  const amounts = points.map(amount);
  const [least, most] = [Math.min(...amounts), Math.max(...amounts)];
  return chart(`${metric} against ${costLabel}`, 500, ({ line }) => ({
    height: 320,
    marginLeft: 46,
    marginRight: 30,
    marginTop: 34,
    marginBottom: 42,
    x: {
      // Bytes and seconds span an order of magnitude or more from nothing to everything encrypted.
      type: least > 0 ? 'log' : 'linear',
      domain: [least * 0.75, most * 1.35],
      label: costLabel,
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: least > 0 ? roundNumbers(least * 0.75, most * 1.35) : 4,
      tickFormat: '~r',
    },
    y: {
      label: line(`${metric}${unit === 'share' ? ', %' : unit && `, ${unit}`}`),
      grid: true,
      nice: true,
      ticks: 5,
    },
    marks: [
      ...(guess === null
        ? []
        : [
            Plot.ruleY([guess * scale], { stroke: 'currentColor', strokeDasharray: '2 3' }),
            Plot.text([guess * scale], {
              y: (value: number) => value,
              frameAnchor: 'left',
              text: () => 'best guess',
              dy: 9,
              dx: 4,
              textAnchor: 'start',
              fillOpacity: 0.75,
            }),
          ]),
      ...families.flatMap((members) => familyMarks(members, amount, scale)),
    ],
  }));
}

function familyMarks(
  members: readonly FrontierPoint[],
  amount: (point: FrontierPoint) => number,
  scale: number,
): Plot.Markish[] {
  const [first] = members;
  if (!first) return [];
  const { colour, symbol } = rowStyle(first.row);
  const leakage = (point: FrontierPoint) => point.leakage * scale;
  const data = [...members];
  return [
    Plot.line(data, { x: amount, y: leakage, stroke: colour, strokeOpacity: 0.55 }),
    Plot.ruleX(
      data.filter(({ low, high }) => low !== null && high !== null),
      {
        x: amount,
        y1: ({ low }: FrontierPoint) => (low ?? 0) * scale,
        y2: ({ high }: FrontierPoint) => (high ?? 0) * scale,
        stroke: colour,
        strokeWidth: 1.25,
      },
    ),
    Plot.dot(data, {
      x: amount,
      y: leakage,
      fill: colour,
      symbol,
      r: 5,
      title: ({ row }: FrontierPoint) => row.label,
    }),
    Plot.text(data, {
      x: amount,
      y: leakage,
      text: 'ratioText',
      dx: 8,
      dy: -7,
      textAnchor: 'start',
      fill: 'currentColor',
      fontSize: 11,
    }),
  ];
}

/** 1, 2 and 5 times powers of ten between the bounds. */
function roundNumbers(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  return Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at))
    .flatMap((power) => [power, 2 * power, 5 * power])
    .filter((value) => value >= low && value <= high);
}
