import * as Plot from '@observablehq/plot';
import type { RecallPoint, TokenRecall } from '../model/token-recall.ts';
import { rowStyle } from './palette.ts';
import { type Chart, chart } from './svg.ts';

/** Share of tokens found against the realised ratio; the ratios of a defense are joined by a line. */
export function tokenRecallChart(recall: TokenRecall): Chart {
  const { points, guess, attack, adversary } = recall;
  const families = [...new Set(points.map(({ row }) => row.family))].map((family) =>
    points.filter(({ row }) => row.family === family).sort((a, b) => a.ratio - b.ratio),
  );
  const most = Math.max(...points.map(({ ratio }) => ratio));
  return chart(`Tokens found against ρ: ${attack}, ${adversary} adversary`, 500, () => ({
    height: 280,
    marginLeft: 46,
    marginRight: 24,
    marginTop: 30,
    marginBottom: 42,
    x: {
      // Everything encrypted is far from the ratios between which papers choose.
      type: most > 0.5 ? 'sqrt' : 'linear',
      domain: [0, most > 0.5 ? 1 : Math.max(1.08 * most, 0.05)],
      ticks: most > 0.5 ? [0, 0.05, 0.2, 0.5, 1] : 5,
      tickFormat: '~r',
      label: 'Realised encrypt ratio ρ',
      labelAnchor: 'center',
      labelArrow: 'none',
      inset: 6,
    },
    y: {
      domain: [0, 1],
      label: 'Tokens of the text that are found',
      grid: true,
      ticks: 5,
      tickFormat: (value: number) => `${Math.round(value * 100)}%`,
    },
    marks: [
      ...(guess === null
        ? []
        : [
            Plot.ruleY([guess], { stroke: 'currentColor', strokeDasharray: '2 3' }),
            Plot.text([guess], {
              y: (value: number) => value,
              frameAnchor: 'right',
              text: () => 'best guess',
              dy: 9,
              textAnchor: 'end',
              fillOpacity: 0.75,
            }),
          ]),
      ...families.flatMap(familyMarks),
    ],
  }));
}

function familyMarks(points: readonly RecallPoint[]): Plot.Markish[] {
  const [first] = points;
  if (!first) return [];
  const { colour, symbol } = rowStyle(first.row);
  const data = [...points];
  return [
    Plot.line(data, { x: 'ratio', y: 'recall', stroke: colour, strokeOpacity: 0.55 }),
    Plot.ruleX(
      data.filter(({ low, high }) => low !== null && high !== null),
      { x: 'ratio', y1: 'low', y2: 'high', stroke: colour, strokeWidth: 1.25 },
    ),
    Plot.dot(data, {
      x: 'ratio',
      y: 'recall',
      fill: colour,
      symbol,
      r: 4.5,
      title: ({ row, recall }: RecallPoint) => `${row.label}: ${(recall * 100).toFixed(1)} %`,
    }),
  ];
}
