import type { GalleryItem, StoredImage } from '../../src/api/results.ts';
import { formatMetric, formatNumber } from '../format.ts';
import type { ReportContext } from './context.ts';
import { type Panel, panelSubtitle, panelsOf } from './panels.ts';

/** One picture with what stands under it. */
export interface GalleryTile {
  /** Index into `GallerySection.images`. */
  readonly image: number;
  readonly alt: string;
  readonly caption: readonly string[];
}

export interface GalleryRow {
  readonly label: string;
  readonly adversary: string;
  /** The defense's strongest protocol-consistent adversary; the others are folded away. */
  readonly headline: boolean;
  /** One per column; `null` where this row has no picture of that probe. */
  readonly tiles: readonly (GalleryTile | null)[];
}

/** One attack on probes of one kind: originals on top, one row per defense and adversary. */
export interface GalleryPanel {
  readonly title: string;
  readonly subtitle: string;
  readonly originals: readonly GalleryTile[];
  readonly headlines: readonly GalleryRow[];
  readonly others: readonly GalleryRow[];
  /** What guesses without any view score. */
  readonly baselines: readonly { readonly name: string; readonly scores: string }[];
}

export interface GallerySection {
  /** The images are those of rounds' aggregates, not of single probes. */
  readonly ofAggregates: boolean;
  readonly panels: readonly GalleryPanel[];
  readonly images: readonly StoredImage[];
}

/** A page shows this many probes per panel; the scores rest on all of them. */
const COLUMNS = 8;

/** With the same mark for all that was made of one original. */
type OfOriginal = GalleryItem & { readonly mark: string };

export function gallerySection(context: ReportContext): GallerySection | null {
  const images = new ImageList();
  const panels = panelsOf(context, ({ gallery }) => byOriginal(gallery ?? [])).map((of) =>
    panel(context, images, of),
  );
  if (panels.length === 0) return null;
  return { ofAggregates: context.ofAggregates, panels, images: images.all };
}

function panel(context: ReportContext, images: ImageList, of: Panel<OfOriginal>): GalleryPanel {
  const probes = [...new Map(of.shown.map(({ item }) => [item.mark, item])).values()];
  const columns = probes.slice(0, COLUMNS);
  const rows = context.rows.flatMap(({ key, label }) =>
    context.results.adversaries.flatMap(({ id, title }) => {
      const mine = of.shown.filter(({ row, adversary }) => row === key && adversary === id);
      if (mine.length === 0) return [];
      return [
        {
          label,
          adversary: title,
          headline: context.headline(key, of.attack)?.score.adversary === id,
          tiles: columns.map((column) => {
            const item = mine.find((one) => one.item.mark === column.mark)?.item;
            return item ? reconstructionTile(images, item, `${label}, ${title}`) : null;
          }),
        },
      ];
    }),
  );
  return {
    title: of.title,
    subtitle: panelSubtitle(of, probes.length, COLUMNS, context.ofAggregates ? 'image' : 'probe'),
    originals: columns.map((item) => ({
      image: images.add(item.original),
      alt: `Original ${item.client < 0 ? 'in the aggregate' : `of probe client ${item.client}`}, label ${item.label}`,
      caption: [`label ${item.label}`, `round ${item.round}`],
    })),
    headlines: rows.filter(({ headline }) => headline),
    others: rows.filter(({ headline }) => !headline),
    baselines: baselines(context, of.attack),
  };
}

function reconstructionTile(images: ImageList, item: GalleryItem, who: string): GalleryTile {
  const psnr = `${formatNumber(item.psnr, 1)}\u00a0dB`;
  const ssim = item.ssim === null ? null : `SSIM\u00a0${formatNumber(item.ssim, 2)}`;
  return {
    image: images.add(item.reconstruction),
    alt: `Reconstruction by ${who}, of label ${item.label}: PSNR ${psnr}${ssim ? `, ${ssim}` : ''}`,
    caption: [
      psnr,
      ...(ssim ? [ssim] : []),
      ...(item.from === 'prior' ? ['prior only'] : []),
      ...(item.guessedLabel >= 0 && item.guessedLabel !== item.label
        ? [`label guessed ${item.guessedLabel}`]
        : []),
    ],
  };
}

/** The guesses' scores in every metric of the attack, one line per guess. */
function baselines(context: ReportContext, attack: string): GalleryPanel['baselines'] {
  const byName = new Map<string, string[]>();
  for (const metric of context.results.metrics) {
    const scored = context.results.pooled.find(
      (score) =>
        score.attack === attack &&
        score.metric === metric.id &&
        score.value.baselines !== undefined,
    );
    for (const [name, value] of Object.entries(scored?.value.baselines ?? {}))
      byName.set(name, [
        ...(byName.get(name) ?? []),
        `${metric.title} ${formatMetric(value, metric.unit)}`,
      ]);
  }
  return [...byName].map(([name, scores]) => ({ name, scores: scores.join(', ') }));
}

/**
 * The items of one answer, each with its original's mark: the picture itself, as an answer may leave out
 * some of a batch (colluders' own). Of a picture that is there twice the first counts as the first.
 */
function byOriginal(gallery: readonly GalleryItem[]): OfOriginal[] {
  const counts = new Map<string, number>();
  return gallery.map((item) => {
    const picture = [item.client, item.round, item.localSteps, item.original.pixels].join('/');
    const at = counts.get(picture) ?? 0;
    counts.set(picture, at + 1);
    return { ...item, mark: `${picture}/${at}` };
  });
}

/** Every picture once, however many rows show it. */
class ImageList {
  readonly all: StoredImage[] = [];
  private readonly indices = new Map<string, number>();

  add(image: StoredImage): number {
    const key = `${image.width}/${image.height}/${image.channels}/${image.pixels}`;
    const known = this.indices.get(key);
    if (known !== undefined) return known;
    this.all.push(image);
    this.indices.set(key, this.all.length - 1);
    return this.all.length - 1;
  }
}
