import type { Answer, Family } from './answer.ts';
import { comparisonAnswers } from './answer-comparison.ts';
import { accuracyAnswer, costAnswers } from './answer-cost.ts';
import { safetyAnswer } from './answer-safety.ts';
import type { ReportContext } from './context.ts';
import { isSelective } from './rows.ts';

/** Answers made of the run's numbers alone; where a number is missing they say so. */
export function answers(context: ReportContext): Answer[] {
  return [
    ...subjects(context).flatMap((family) => [
      ...safetyAnswer(context, family, 'membership'),
      ...safetyAnswer(context, family, 'reconstruction'),
      ...safetyAnswer(context, family, 'text'),
      ...safetyAnswer(context, family, 'key'),
    ]),
    ...comparisonAnswers(context),
    ...costAnswers(context, subjects(context)),
    ...accuracyAnswer(context),
  ];
}

/**
 * The defenses the questions are about: those that encrypt a part. The control is a subject only where
 * it is alone.
 */
function subjects({ rows }: ReportContext): Family[] {
  const selective = rows.filter(isSelective);
  const proper = selective.filter(({ control }) => !control);
  const chosen = proper.length > 0 ? proper : selective;
  return [...new Set(chosen.map(({ family }) => family))].map((family) => {
    const members = chosen.filter((row) => row.family === family);
    return {
      title: members[0]?.familyTitle ?? family,
      rows: [...members].sort((a, b) => (a.ratio ?? 1) - (b.ratio ?? 1)),
    };
  });
}
