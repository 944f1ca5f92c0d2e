import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import Handlebars from 'handlebars';
import { Svg } from './charts/svg.ts';
import type { Figures } from './figures.ts';
import { safeJson } from './json.ts';
import type { ReportModel } from './model/report-model.ts';
import type { Sprite } from './sprite.ts';

export interface Page {
  /** One after the other, each complete in itself. */
  readonly experiments: readonly ExperimentView[];
  /** Embedded as it is, for readers with programs. */
  readonly results: unknown;
}

export interface ExperimentView {
  readonly model: ReportModel;
  readonly figures: Figures;
  readonly sprite: Sprite | null;
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
  'language',
  'legend',
  'method',
  'table',
  'text-lines',
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
  'language.css',
  'method.css',
  'narrow.css',
  'print.css',
] as const;

/** How large a gallery tile is drawn, CSS pixels per image pixel at a 28-pixel image. */
const TILE_TARGET = 84;

/** Fills the templates; one file with styles, script, pictures and data inside. */
export async function renderPage({ experiments, results }: Page): Promise<string> {
  const [style, script] = await Promise.all([
    Promise.all(STYLES.map(readAsset)).then((parts) => parts.join('\n')),
    readAsset('report.js'),
  ]);
  const parts = await Promise.all(experiments.map((_, at) => renderExperiment(experiments, at)));
  return render('report', pageHelpers({ results, parts, style, script }), {
    title: experiments[0]?.model.overview.title ?? '',
  });
}

/** Ids of the first experiment are as they are, others get a prefix. */
const prefixOf = (at: number) => (at === 0 ? '' : `experiment-${at + 1}-`);

function renderExperiment(all: readonly ExperimentView[], at: number): Promise<string> {
  const { model, figures, sprite } = all[at] as ExperimentView;
  const others = all.flatMap((other, index) =>
    index === at ? [] : [{ title: other.model.overview.title, target: `${prefixOf(index)}title` }],
  );
  return render('experiment', experimentHelpers(sprite, prefixOf(at)), {
    ...{ ...model, figures, others },
  });
}

async function render(
  main: string,
  helpers: Readonly<Record<string, Handlebars.HelperDelegate>>,
  data: object,
): Promise<string> {
  const handlebars = Handlebars.create();
  for (const name of PARTIALS) handlebars.registerPartial(name, await readTemplate(name));
  handlebars.registerHelper(helpers);
  const template = handlebars.compile(await readTemplate(main), {
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
  });
  return template(data);
}

/*
 * The only places where markup enters unescaped: our own files, our own drawings, what these templates
 * made, and JSON that `safeJson` made harmless.
 */

const raw = (markup: string) => new Handlebars.SafeString(markup);

function pageHelpers(of: {
  readonly results: unknown;
  readonly parts: readonly string[];
  readonly style: string;
  readonly script: string;
}) {
  return {
    style: () => raw(of.style),
    script: () => raw(of.script),
    scriptHash: () => raw(`sha256-${createHash('sha256').update(of.script).digest('base64')}`),
    experiments: () => raw(of.parts.join('\n')),
    results: () => raw(safeJson(of.results)),
  };
}

function experimentHelpers(sprite: Sprite | null, prefix: string) {
  return {
    /** An id of this experiment. */
    anchor: (name: unknown) => `${prefix}${String(name)}`,
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
