import * as Plot from '@observablehq/plot';
import { DOMParser } from 'linkedom';

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
  /** Cuts the middle out of a name that the left margin can't hold; the ratio at its end stays. */
  shorten(name: string): string;
  /** Left margin that holds the longest of these names. */
  margin(names: readonly string[]): number;
  /** Cuts a line of text to the whole width. */
  line(text: string): string;
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

/**
 * Renders in Node: `linkedom` stands in for the browser's document. An XML one, because its HTML
 * documents leave `<` and `&` in attributes as they are.
 */
export function plot(describe: string, options: Plot.PlotOptions): Svg {
  const document = new DOMParser().parseFromString('<svg/>', 'image/svg+xml');
  const drawn = Plot.plot({
    document,
    ...options,
    style: { fontFamily: 'inherit', fontSize: '12px', overflow: 'visible' },
  });
  // The drawing is one image with one name; names inside it would be announced as well.
  for (const group of drawn.querySelectorAll('[aria-label], [aria-description]')) {
    group.removeAttribute('aria-label');
    group.removeAttribute('aria-description');
  }
  drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  drawn.setAttribute('role', 'img');
  drawn.setAttribute('aria-label', describe);
  return new Svg(drawn.outerHTML);
}

/** Of a wide 12-pixel system font; narrower ones leave a little air. */
const CHARACTER_WIDTH = 7.2;

function spaceOf(width: number): Space {
  const room = Math.floor((width * (width <= NARROW ? 0.44 : 0.36)) / CHARACTER_WIDTH);
  const shorten = (name: string) => {
    const characters = [...name];
    if (characters.length <= room) return name;
    const tail = Math.min(10, Math.floor(room / 2));
    return `${characters.slice(0, room - tail - 1).join('')}…${characters.slice(-tail).join('')}`;
  };
  return {
    width,
    shorten,
    margin: (names) =>
      Math.max(...names.map((name) => shorten(name).length), 4) * CHARACTER_WIDTH + 14,
    line: (text) => {
      const most = Math.floor(width / CHARACTER_WIDTH) - 2;
      return text.length > most ? `${text.slice(0, most - 1)}…` : text;
    },
  };
}
