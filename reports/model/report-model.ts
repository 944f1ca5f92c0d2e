import type { RunResults } from '../../src/api/results.ts';
import { type ComparisonSection, comparisonSection } from './comparisons.ts';
import { reportContext } from './context.ts';
import { type CostSection, costSection } from './costs.ts';
import { type ExposedAccuracySection, exposedAccuracySection } from './exposed-accuracy.ts';
import { type ExposureRow, exposureRows } from './exposure.ts';
import { type Frontier, frontiers } from './frontier.ts';
import { type GallerySection, gallerySection } from './gallery.ts';
import { type LanguageSection, languageSection } from './language.ts';
import { type MethodSection, methodSection } from './method.ts';
import { type Overview, overview } from './overview.ts';
import { type RocFigure, rocFigures } from './roc.ts';
import { type TrainingSection, trainingSection } from './training.ts';
import { type VerdictSection, verdictSection } from './verdicts.ts';
import { type WarningSection, warningSection } from './warnings.ts';

/** Everything the page says, before anything is drawn. Sections without numbers are `null` or empty. */
export interface ReportModel {
  readonly overview: Overview;
  readonly verdicts: VerdictSection;
  readonly comparisons: ComparisonSection;
  readonly frontiers: readonly Frontier[];
  readonly gallery: GallerySection | null;
  readonly language: LanguageSection | null;
  readonly roc: readonly RocFigure[];
  readonly exposedAccuracy: ExposedAccuracySection | null;
  readonly training: TrainingSection | null;
  readonly costs: CostSection | null;
  readonly exposure: readonly ExposureRow[];
  readonly method: MethodSection;
  readonly warnings: WarningSection;
}

export function buildReportModel(results: RunResults): ReportModel {
  const context = reportContext(results);
  return {
    overview: overview(context),
    verdicts: verdictSection(context),
    comparisons: comparisonSection(context),
    frontiers: frontiers(context),
    gallery: gallerySection(context),
    language: languageSection(context),
    roc: rocFigures(context),
    exposedAccuracy: exposedAccuracySection(context),
    training: trainingSection(context),
    costs: costSection(context),
    exposure: exposureRows(context),
    method: methodSection(context),
    warnings: warningSection(context),
  };
}
