import { expect, it } from 'vitest';
import { quickstart } from '../../../fixtures/results/quickstart.ts';
import { reportContext } from '../../../reports/model/context.ts';
import { gallerySection } from '../../../reports/model/gallery.ts';
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
