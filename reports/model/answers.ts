import { comparisonAnswers } from './answer-comparison.ts';
import { accuracyAnswer, costAnswers } from './answer-cost.ts';
import { safetyAnswer } from './answer-safety.ts';
import type { ReportContext } from './context.ts';
import { isSelective, type RowLabel } from './rows.ts';

/** A question of the reader, a word or two that answer it, and the sentence that says how much. */
export interface Answer {
  readonly question: string;
  readonly tone: 'bad' | 'good' | 'open' | 'fact';
  readonly lead: string;
  readonly sentence: string;
}

/** One defense at all its ratios, smallest first. */
export interface Family {
  readonly title: string;
  readonly rows: readonly RowLabel[];
}

/** Answers made of the run's numbers alone; where a number is missing they say so. */
export function answers(context: ReportContext): Answer[] {
  return [
    ...subjects(context).flatMap((family) => [
      ...safetyAnswer(context, family, 'membership'),
      ...safetyAnswer(context, family, 'reconstruction'),
    ]),
    ...comparisonAnswers(context),
    ...costAnswers(context, subjects(context)),
    ...accuracyAnswer(context),
  ];
}

/**
 * The defenses the questions are about: those that encrypt a part. A random mask is the control, and
 * a subject only where it is alone.
 */
function subjects({ rows }: ReportContext): Family[] {
  const selective = rows.filter(isSelective);
  const proper = selective.filter(({ family }) => family !== 'random');
  const chosen = proper.length > 0 ? proper : selective;
  return [...new Set(chosen.map(({ family }) => family))].map((family) => {
    const members = chosen.filter((row) => row.family === family);
    return {
      title: members[0]?.familyTitle ?? family,
      rows: [...members].sort((a, b) => (a.ratio ?? 1) - (b.ratio ?? 1)),
    };
  });
}
