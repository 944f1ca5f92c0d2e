import type { AdversaryDescription } from '../../src/api/results.ts';
import { formatMetric, formatRatio } from '../format.ts';
import type { ReportContext } from './context.ts';
import { type DataTable, dataTable } from './data-table.ts';
import { type Figure, figure } from './figure.ts';
import { bestGuess, LEVELS, type Level } from './judgement.ts';
import { absence, whyMissing } from './outcomes.ts';

/** One defense under one attack, or the reason why there is no number. */
export interface VerdictCell {
  readonly attackTitle: string;
  readonly level: Level | 'missing';
  readonly symbol: string;
  readonly words: string;
  readonly figure: Figure | null;
  readonly adversary: string | null;
  /** What the papers' naive adversary gets in the same metric; `null` where it is the headline. */
  readonly stale: string | null;
  /** What the strongest coalition with clients gets in the same metric, where there is one. */
  readonly colluding?: { readonly adversary: string; readonly value: string };
  readonly guess: string | null;
  readonly reason: string | null;
}

export interface VerdictRow {
  readonly id: string;
  readonly label: string;
  readonly source: string;
  readonly realisedRatio: string;
  readonly cells: readonly VerdictCell[];
  /** Per attack: every adversary in every metric. */
  readonly details: readonly { readonly attack: string; readonly table: DataTable }[];
}

export interface VerdictSection {
  readonly attacks: readonly {
    readonly title: string;
    readonly kind: string;
    readonly metric: string;
  }[];
  /** Number of columns, for a line that spans them all. */
  readonly columns: number;
  readonly rows: readonly VerdictRow[];
  /** Attacks that gave no number for any defense, and so have no column. */
  readonly unscored: readonly { readonly title: string; readonly reasons: readonly string[] }[];
  readonly legend: readonly {
    readonly level: Level;
    readonly symbol: string;
    readonly words: string;
    readonly rule: string;
  }[];
}

export function verdictSection(context: ReportContext): VerdictSection {
  const { results, rows } = context;
  const scored = results.attacks.filter(({ id }) =>
    rows.some(({ key }) => context.headline(key, id) !== undefined),
  );
  const attacks = scored.length > 0 ? scored : results.attacks;
  return {
    attacks: attacks.map(({ id, title, kind }) => ({
      title,
      kind: kind === 'reconstruction' && context.ofAggregates ? `${kind} from aggregates` : kind,
      metric: context.headlineMetric(id)?.title ?? 'no score',
    })),
    columns: attacks.length + 1,
    rows: rows.map(({ key, label, ratioText }, at) => {
      const realised = context.realisedRatio(key);
      return {
        id: `verdict-${at + 1}`,
        label,
        source: results.rows[at]?.source ?? '',
        realisedRatio:
          realised === null
            ? `ρ ${ratioText}, not run`
            : `realised ρ\u00a0${formatRatio(realised)}`,
        cells: attacks.map(({ id }) => verdictCell(context, key, id)),
        details: results.attacks.flatMap(({ id, title }) => {
          const table = adversaryTable(context, key, id);
          return table.rows.length > 0 ? [{ attack: title, table }] : [];
        }),
      };
    }),
    unscored: results.attacks
      .filter((attack) => !attacks.includes(attack))
      .map(({ id, title }) => ({
        title,
        reasons: [
          ...new Set(
            rows.map(({ key }) => {
              const { words, reason } = whyMissing(attackResults(context, key, id));
              return `${words}. ${reason}`;
            }),
          ),
        ],
      })),
    legend: Object.entries(LEVELS).map(([level, rest]) => ({ level: level as Level, ...rest })),
  };
}

function verdictCell(context: ReportContext, row: string, attack: string): VerdictCell {
  const headline = context.headline(row, attack);
  const attackTitle = context.attack(attack)?.title ?? attack;
  if (!headline) {
    const missing = whyMissing(attackResults(context, row, attack));
    return {
      attackTitle,
      ...missing,
      level: 'missing',
      figure: null,
      adversary: null,
      stale: null,
      guess: null,
    };
  }
  const { score, metric, level } = headline;
  const { symbol, words } = LEVELS[level];
  const stale = context.scoreOf(row, attack, 'stale');
  const guess = bestGuess(score.value, metric);
  const colluding = context.colluding(row, attack);
  return {
    attackTitle,
    level,
    symbol,
    words,
    figure: figure(score.value, metric, score.seeds),
    adversary: context.adversary(score.adversary).title,
    stale:
      stale && score.adversary !== 'stale' ? formatMetric(stale.value.value, metric.unit) : null,
    ...(colluding && {
      colluding: {
        adversary: context.adversary(colluding.adversary).title,
        value: formatMetric(colluding.value.value, metric.unit),
      },
    }),
    guess: guess === null ? null : formatMetric(guess, metric.unit),
    reason: null,
  };
}

/** Results of an attack on a row; where the federation itself failed, its outcome for all. */
function attackResults(context: ReportContext, row: string, attack: string) {
  return context.results.cells
    .filter((cell) => cell.row === row)
    .flatMap(({ federation, attacks }) =>
      federation.status === 'ok'
        ? attacks.filter((result) => result.attack === attack)
        : [{ attack, kind: 'membership', adversary: 'stale', outcome: federation } as const],
    );
}

function adversaryTable(context: ReportContext, row: string, attack: string): DataTable {
  const { results } = context;
  const kind = context.attack(attack)?.kind;
  const metrics = results.metrics.filter(
    (metric) =>
      metric.kind === kind &&
      results.pooled.some((score) => score.attack === attack && score.metric === metric.id),
  );
  if (metrics.length === 0) return dataTable([], []);
  const rows = results.adversaries.flatMap(({ id, title, needs }) => {
    const scores = metrics.map((metric) =>
      results.pooled.find(
        (score) =>
          score.row === row &&
          score.attack === attack &&
          score.adversary === id &&
          score.metric === metric.id,
      ),
    );
    const outcomes = attackResults(context, row, attack).filter((one) => one.adversary === id);
    const scored = scores.find((score) => score !== undefined);
    if (!scored && outcomes.every(({ outcome }) => outcome.status === 'ok')) return [];
    const name = `${title}${standing(id, needs)}`;
    const cells = scores.map((score, at) => {
      const metric = metrics[at];
      if (!score || !metric)
        return outcomes.map(({ outcome }) => absence(outcome)?.words).find(Boolean) ?? '–';
      const { value, interval } = figure(score.value, metric);
      return interval ? `${value} ${interval}` : value;
    });
    const n = scored ? figure(scored.value, { unit: '' }, scored.seeds).n : '–';
    return [[name, ...cells, n]];
  });
  return dataTable(['Adversary', ...metrics.map(({ title }) => `#${title}`), '#Samples'], rows);
}

function standing(adversary: string, needs: AdversaryDescription['needs']): string {
  if (adversary === 'stale') return ' (the papers’ evaluation)';
  if (needs === 'colluders') return ' (beside the headline)';
  return needs === 'server' ? '' : ' (upper bound, never a headline)';
}
