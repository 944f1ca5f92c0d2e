import { formatCount, formatSeconds } from '../format.ts';
import type { Answer } from './answer.ts';
import { answers } from './answers.ts';
import type { ReportContext } from './context.ts';

export interface KeyFigure {
  readonly value: string;
  readonly label: string;
}

export interface Overview {
  readonly title: string;
  readonly name: string;
  readonly date: string;
  readonly synthetic: string | null;
  readonly answers: readonly Answer[];
  readonly keyFigures: readonly KeyFigure[];
  /** Cells or attacks that failed; section 7 lists them. */
  readonly failures: number;
}

export function overview(context: ReportContext): Overview {
  const { results } = context;
  const { dataset, model } = results;
  const rounds = Math.max(
    0,
    ...results.cells.map(({ federation }) =>
      federation.status === 'ok' ? federation.value.rounds.length : 0,
    ),
  );
  return {
    title: results.title,
    name: results.name,
    date: results.createdAt.slice(0, 10),
    synthetic: dataset.synthetic ? dataset.title : null,
    answers: answers(context),
    keyFigures: [
      { value: formatCount(results.rows.length), label: 'defenses and ratios' },
      {
        value: formatCount(results.seeds.length),
        label: results.seeds.length === 1 ? 'seed' : 'seeds',
      },
      { value: formatCount(rounds), label: rounds === 1 ? 'round' : 'rounds' },
      { value: formatCount(dataset.members), label: `training samples, ${dataset.title}` },
      { value: formatCount(model.parameters), label: `parameters, ${model.title}` },
      { value: formatSeconds(results.wallSeconds), label: 'to run it all' },
    ],
    failures: results.cells.reduce(
      (sum, { federation, attacks }) =>
        sum +
        [federation, ...attacks.map(({ outcome }) => outcome)].filter(
          ({ status }) => status === 'failed' || status === 'timed-out',
        ).length,
      0,
    ),
  };
}
