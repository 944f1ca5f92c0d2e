import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import Handlebars from 'handlebars';
import { Svg } from './charts/svg.ts';
import type { Figures } from './figures.ts';
import { safeJson } from './json.ts';
import type { ReportModel } from './model/report-model.ts';
import type { Sprite } from './sprite.ts';

export interface Page {
  readonly model: ReportModel;
  readonly figures: Figures;
  readonly sprite: Sprite | null;
  /** Embedded as it is, for readers with programs. */
  readonly results: unknown;
}

const PARTIALS = [
  'answers',
  'comparisons',
  'costs',
  'details',
  'figure',
  'figure-group',
  'frontier',
  'gallery',
  'gallery-rows',
  'legend',
  'method',
  'table',
  'verdicts',
  'warnings',
] as const;

/** In the order of the cascade. */
const STYLES = [
  'page.css',
  'overview.css',
  'sections.css',
  'tables.css',
  'verdicts.css',
  'figures.css',
  'gallery.css',
  'method.css',
  'narrow.css',
  'print.css',
] as const;

/** How large a gallery tile is drawn, CSS pixels per image pixel at a 28-pixel image. */
const TILE_TARGET = 84;

/** Fills the templates; one file with styles, script, pictures and data inside. */
export async function renderPage(page: Page): Promise<string> {
  const [style, script, main] = await Promise.all([
    Promise.all(STYLES.map(readAsset)).then((parts) => parts.join('\n')),
    readAsset('report.js'),
    readTemplate('report'),
  ]);
  const handlebars = Handlebars.create();
  for (const name of PARTIALS) handlebars.registerPartial(name, await readTemplate(name));
  const helpers = pageHelpers(page, style, script);
  handlebars.registerHelper(helpers);
  const template = handlebars.compile(main, {
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
  });
  return template({ ...page.model, figures: page.figures });
}

/**
 * The only places where markup enters unescaped: our own files, our own drawings, and JSON that
 * `safeJson` made harmless.
 */
function pageHelpers({ results, sprite }: Page, style: string, script: string) {
  const raw = (markup: string) => new Handlebars.SafeString(markup);
  return {
    style: () => raw(style),
    script: () => raw(script),
    scriptHash: () => raw(`sha256-${createHash('sha256').update(script).digest('base64')}`),
    results: () => raw(safeJson(results)),
    svg(drawing: unknown) {
      if (!(drawing instanceof Svg)) throw new TypeError('only drawings of reports/charts go here');
      return raw(drawing.markup);
    },
    sprite: () => raw(sprite ? `--sprite: url(${sprite.dataUri})` : '--sprite: none'),
    /** CSS that shows one image of the sprite, enlarged by a whole number. */
    tile(image: unknown) {
      const place = sprite?.places[Number(image)];
      if (!sprite || !place) throw new RangeError(`no gallery image ${String(image)}`);
      const { tileWidth, tileHeight } = sprite;
      const zoom = Math.max(1, Math.round(TILE_TARGET / tileWidth));
      const px = (value: number) => `${value * zoom}px`;
      return raw(
        `width:${px(tileWidth)};height:${px(tileHeight)};background-size:${px(sprite.width)} ${px(sprite.height)};background-position:-${px(place.x)} -${px(place.y)}`,
      );
    },
  };
}

function readTemplate(name: string): Promise<string> {
  return readFile(new URL(`./templates/${name}.hbs`, import.meta.url), 'utf8');
}

function readAsset(name: string): Promise<string> {
  return readFile(new URL(`./assets/${name}`, import.meta.url), 'utf8');
}
