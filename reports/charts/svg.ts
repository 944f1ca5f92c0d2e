import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Markup that this folder drew. Templates insert only this, never a string. */
export class Svg {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** A chart at the two widths a page needs: text keeps its size on a telephone. */
export interface Chart {
  readonly wide: Svg;
  readonly narrow: Svg;
}

export const NARROW = 336;

/** What a drawing may use of the width it is drawn at. */
export interface Space {
  readonly width: number;
  /** Cuts a category's name to what the left margin holds. */
  shorten(label: string): string;
  /** Left margin that holds the longest of these names. */
  margin(labels: readonly string[]): number;
}

/** Draws once per width. `describe` becomes the accessible name. */
export function chart(
  describe: string,
  wideWidth: number,
  draw: (space: Space) => Plot.PlotOptions,
): Chart {
  const at = (width: number) => plot(describe, { ...draw(spaceOf(width)), width });
  return { wide: at(wideWidth), narrow: at(NARROW) };
}

/** Renders in Node: `linkedom` stands in for the browser's document. */
export function plot(describe: string, options: Plot.PlotOptions): Svg {
  const { document } = parseHTML('<html><body></body></html>');
  const drawn = Plot.plot({
    document,
    ...options,
    style: { fontFamily: 'inherit', fontSize: '12px', overflow: 'visible' },
  });
  drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  drawn.setAttribute('role', 'img');
  drawn.setAttribute('aria-label', describe);
  return new Svg(drawn.outerHTML);
}

const CHARACTER_WIDTH = 7.2;

function spaceOf(width: number): Space {
  const most = Math.floor((width * (width <= NARROW ? 0.42 : 0.34)) / CHARACTER_WIDTH);
  const shorten = (label: string) => (label.length > most ? `${label.slice(0, most - 1)}…` : label);
  return {
    width,
    shorten,
    margin: (labels) =>
      Math.max(...labels.map((label) => shorten(label).length), 4) * CHARACTER_WIDTH + 14,
  };
}
