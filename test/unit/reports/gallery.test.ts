import { expect, it } from 'vitest';
import { quickstart } from '../../../fixtures/results/quickstart.ts';
import { safetyAnswer } from '../../../reports/model/answer-safety.ts';
import { reportContext } from '../../../reports/model/context.ts';
import { gallerySection } from '../../../reports/model/gallery.ts';
import { verdictSection } from '../../../reports/model/verdicts.ts';
import type { GalleryItem, RunResults } from '../../../src/api/results.ts';

/** The results with all images of an attack in the batch of one target. */
function inOneBatch(results: RunResults, client: number): RunResults {
  const batch = (gallery: readonly GalleryItem[]) =>
    gallery
      .filter(({ localSteps }) => localSteps === gallery[0]?.localSteps)
      .map((item, label) => ({ ...item, client, round: 1, label }));
  return {
    ...results,
    cells: results.cells.map((cell) => ({
      ...cell,
      attacks: cell.attacks.map((attack) =>
        attack.outcome.status === 'ok' && attack.outcome.value.gallery
          ? {
              ...attack,
              outcome: {
                ...attack.outcome,
                value: { ...attack.outcome.value, gallery: batch(attack.outcome.value.gallery) },
              },
            }
          : attack,
      ),
    })),
  };
}

it('shows every image of a batch beside its own reconstruction', () => {
  const panels = gallerySection(reportContext(inOneBatch(quickstart(), -1)))?.panels ?? [];
  expect(panels.length).toBeGreaterThan(0);
  for (const { originals, headlines, others } of panels) {
    expect(originals.length).toBeGreaterThan(1);
    originals.forEach(({ alt }, label) => {
      expect(alt).toBe(`Original in the aggregate, label ${label}`);
    });
    for (const { tiles } of [...headlines, ...others])
      tiles.forEach((tile, label) => {
        expect(tile?.alt).toContain(`of label ${label}:`);
      });
  }
});

it('shows what is left of a batch under its own originals, where colluders’ images are left out', () => {
  const results = inOneBatch(quickstart(), -1);
  const without: RunResults = {
    ...results,
    cells: results.cells.map((cell) => ({
      ...cell,
      attacks: cell.attacks.map((attack) =>
        attack.outcome.status === 'ok' && attack.adversary === 'mask-aware'
          ? {
              ...attack,
              outcome: {
                ...attack.outcome,
                value: {
                  ...attack.outcome.value,
                  gallery: attack.outcome.value.gallery?.slice(1) ?? [],
                },
              },
            }
          : attack,
      ),
    })),
  };
  const panels = gallerySection(reportContext(without))?.panels ?? [];
  const rows = panels.flatMap(({ headlines, others }) => [...headlines, ...others]);
  const cut = rows.filter(({ adversary }) => adversary === 'Mask-aware');
  expect(cut.length).toBeGreaterThan(0);
  for (const { tiles } of cut) {
    expect(tiles[0]).toBeNull();
    tiles.slice(1).forEach((tile, at) => {
      expect(tile?.alt).toContain(`of label ${at + 1}:`);
    });
  }
});

it('says whether it shows rounds’ aggregates or single probes', () => {
  const single = reportContext(quickstart());
  const aggregates = reportContext({
    ...quickstart(),
    specification: { probes: { of: 'aggregate' } },
  });
  expect(gallerySection(single)?.ofAggregates).toBe(false);
  expect(gallerySection(aggregates)?.ofAggregates).toBe(true);
  expect(gallerySection(single)?.panels[0]?.subtitle).toMatch(/probes?$/);
  expect(gallerySection(aggregates)?.panels[0]?.subtitle).toMatch(/images?$/);
  const kinds = (context: typeof single) => verdictSection(context).attacks.map(({ kind }) => kind);
  expect(kinds(single)).toContain('reconstruction');
  expect(kinds(aggregates)).toContain('reconstruction from aggregates');
  expect(safetyAnswer(aggregates, family(aggregates), 'reconstruction')[0]?.question).toMatch(
    /^Does .* hide the training images in a round’s aggregate\?$/,
  );
});

const family = ({ rows }: ReturnType<typeof reportContext>) => ({ title: 'It', rows });
