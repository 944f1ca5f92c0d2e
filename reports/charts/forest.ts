import * as Plot from '@observablehq/plot';
import type { Forest, ForestLine } from '../model/comparisons.ts';
import { OKABE_ITO } from './palette.ts';
import { type Chart, chart, NARROW } from './svg.ts';

/** Paired differences with intervals; decided ones filled, undecided ones white. */
export function forestChart(forest: Forest): Chart {
  const { lines } = forest;
  const finite = lines.filter(({ difference }) => Number.isFinite(difference));
  const reach =
    Math.max(
      ...finite.flatMap(({ difference, low, high }) =>
        [difference, low ?? 0, high ?? 0].map(Math.abs),
      ),
      0,
    ) * 1.1 || 1;
  const [leftWord, rightWord] = forest.lessIsLeft ? ['less', 'more'] : ['more', 'less'];
  const scale = forest.unit === 'share' ? 100 : 1;
  const colour = ({ verdict }: ForestLine) =>
    verdict === 'a-leaks-less'
      ? OKABE_ITO.blue
      : verdict === 'b-leaks-less'
        ? OKABE_ITO.vermilion
        : OKABE_ITO.ink;
  const hollow = ({ verdict }: ForestLine) => verdict === 'undecided' || verdict === 'unequal';
  return chart(`${forest.title}: ${forest.axis}`, 520, ({ width, shorten, margin }) => {
    // Lines may share a label; their positions keep them apart.
    const y = (line: ForestLine) => lines.indexOf(line);
    // Half a narrow chart, or a long name, leaves room for one word only.
    const side = (words: string, word: string) =>
      width > NARROW && words.length <= 26 ? words : word;
    return {
      height: 50 + lines.length * 26,
      marginLeft: margin(lines.map(({ label }) => label)),
      marginTop: 26,
      marginBottom: 24,
      x: {
        domain: [-reach * scale, reach * scale],
        label: null,
        ticks: width > NARROW ? 5 : 3,
      },
      y: {
        type: 'band',
        domain: lines.map(y),
        label: null,
        tickSize: 0,
        tickFormat: (at: number) => shorten(lines[at]?.label ?? ''),
      },
      marks: [
        Plot.ruleX([0], { stroke: 'currentColor', strokeOpacity: 0.45 }),
        Plot.text([{ x: 0 }], {
          x: 'x',
          frameAnchor: 'top',
          dx: -8,
          dy: -20,
          text: () => `◂ ${side(forest.left, leftWord)}`,
          textAnchor: 'end',
          fillOpacity: 0.75,
        }),
        Plot.text([{ x: 0 }], {
          x: 'x',
          frameAnchor: 'top',
          dx: 8,
          dy: -20,
          text: () => `${side(forest.right, rightWord)} ▸`,
          textAnchor: 'start',
          fillOpacity: 0.75,
        }),
        Plot.ruleY(
          finite.filter(({ low, high }) => low !== null && high !== null),
          {
            y,
            x1: ({ low }: ForestLine) => (low ?? 0) * scale,
            x2: ({ high }: ForestLine) => (high ?? 0) * scale,
            stroke: colour,
            strokeWidth: 1.75,
          },
        ),
        Plot.dot(finite, {
          y,
          x: ({ difference }: ForestLine) => difference * scale,
          r: 4.5,
          stroke: colour,
          strokeWidth: 1.75,
          fill: (line: ForestLine) => (hollow(line) ? 'var(--surface, white)' : colour(line)),
          title: 'title',
        }),
      ],
    };
  });
}
