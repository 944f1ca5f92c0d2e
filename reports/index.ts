import { allResults, type RunResults } from '../src/api/results.ts';
import { drawFigures } from './figures.ts';
import { buildReportModel } from './model/report-model.ts';
import { type ExperimentView, renderPage } from './page.ts';
import { makeSprite } from './sprite.ts';

export { buildReportModel, type ReportModel } from './model/report-model.ts';

/**
 * One self-contained HTML file: no network, opens from disk. It shows whatever the run holds, and
 * says what is missing and why.
 *
 * @throws {RangeError} when a gallery image's pixels don't match its size.
 */
export async function renderReport(results: RunResults): Promise<string> {
  const experiments = await Promise.all(allResults(results).map(viewOf));
  return renderPage({ experiments, results });
}

async function viewOf(results: RunResults): Promise<ExperimentView> {
  const model = buildReportModel(results);
  return {
    model,
    figures: drawFigures(model),
    sprite: model.gallery ? await makeSprite(model.gallery.images) : null,
  };
}
