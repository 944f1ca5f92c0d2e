import type { PooledScore } from '../../src/api/results.ts';
import { formatCount, formatPlural, formatRatio, formatSignificant } from '../format.ts';
import type { ReportContext } from './context.ts';
import { type DataTable, dataTable } from './data-table.ts';

export interface PerplexityValue {
  readonly value: string;
  readonly interval: string | null;
}

/** One text of one adversary: a cell of the table, with what heads it. */
export interface PerplexityCell extends PerplexityValue {
  readonly present: boolean;
}

/** MaskCrypt's Table 3 with held-out text beside the victims', and under every adversary. */
export interface PerplexitySection {
  readonly attack: string;
  readonly adversaries: readonly { readonly title: string; readonly standing: string | null }[];
  /** `Members` and `Held-out`, once per adversary. */
  readonly texts: readonly string[];
  readonly rows: readonly {
    readonly label: string;
    readonly realisedRatio: string | null;
    readonly cells: readonly PerplexityCell[];
  }[];
  readonly n: string;
  readonly interval: string | null;
  /** Published values beside ours; `null` where the run's setting is not theirs. */
  readonly published: DataTable | null;
}

const METRICS = ['perplexity-members', 'perplexity-held-out'] as const;
const TEXTS = { 'perplexity-members': 'Victims’', 'perplexity-held-out': 'Held-out' } as const;
/** The baseline that is the model everybody starts from. */
const REFERENCE = 'initial model';

/** How well the exposed model predicts text; `null` where nobody asked. */
export function perplexitySection(context: ReportContext): PerplexitySection | null {
  const scores = context.results.pooled.filter(({ metric }) => metric === METRICS[0]);
  const attack = context.results.attacks.find(({ id }) =>
    scores.some((score) => score.attack === id),
  );
  if (!attack) return null;
  const asked = (adversary: string, metric: string, row?: string) =>
    context.results.pooled.find(
      (score) =>
        score.attack === attack.id &&
        score.adversary === adversary &&
        score.metric === metric &&
        (row === undefined || score.row === row),
    );
  const adversaries = context.results.adversaries.filter(({ id }) => asked(id, METRICS[0]));
  const columns = adversaries.flatMap(({ id }) => METRICS.map((metric) => ({ id, metric })));
  const rows = context.rows.map(({ key, label }) => {
    const realised = context.realisedRatio(key);
    return {
      label,
      realisedRatio: realised === null ? null : `realised ρ\u00a0${formatRatio(realised)}`,
      cells: columns.map(({ id, metric }) => cellOf(asked(id, metric, key))),
    };
  });
  const reference = columns.map(({ id, metric }) => {
    const value = asked(id, metric)?.value.baselines?.[REFERENCE];
    return value === undefined
      ? ABSENT
      : { present: true, value: formatSignificant(value), interval: null };
  });
  const hasReference = reference.some(({ present }) => present);
  const [first] = scores;
  return {
    attack: attack.title,
    adversaries: adversaries.map(({ id, title, needs }) => ({
      title,
      standing: id === 'stale' ? 'the papers’' : needs === 'upper-bound' ? 'upper bound' : null,
    })),
    texts: columns.map(({ metric }) => TEXTS[metric]),
    rows: [
      ...(hasReference
        ? [{ label: 'Initial model', realisedRatio: 'before training', cells: reference }]
        : []),
      ...rows,
    ],
    n: first
      ? `${formatCount(first.value.perItem?.length ?? first.value.n)} victims over ${formatPlural(first.seeds, 'seed')}`
      : '',
    interval: intervalMethod(scores),
    published: publishedBesideOurs(context, asked),
  };
}

const ABSENT: PerplexityCell = { present: false, value: '–', interval: null };

function cellOf(score: PooledScore | undefined): PerplexityCell {
  if (!score) return ABSENT;
  return { present: true, ...printed(score) };
}

function printed({ value }: PooledScore): PerplexityValue {
  const { interval } = value;
  return {
    value: formatSignificant(value.value),
    interval: interval
      ? `[${formatSignificant(interval.low)}, ${formatSignificant(interval.high)}]`
      : null,
  };
}

function intervalMethod(scores: readonly PooledScore[]): string | null {
  const interval = scores.find(({ value }) => value.interval)?.value.interval;
  return interval ? `${Math.round(interval.level * 100)} % ${interval.method}` : null;
}

/** MaskCrypt (TDSC 2024), Table 3; where the text's numbers differ, the table's. */
const PUBLISHED: readonly {
  readonly defense: string;
  readonly ratio: number | null;
  readonly value: number;
}[] = [
  { defense: 'none', ratio: null, value: 27.47 },
  { defense: 'random', ratio: 0.05, value: 29.63 },
  { defense: 'random', ratio: 0.1, value: 27.24 },
  { defense: 'random', ratio: 0.15, value: 31.18 },
  { defense: 'random', ratio: 0.2, value: 28.79 },
  { defense: 'maskcrypt', ratio: 0.05, value: 65.38 },
  { defense: 'maskcrypt', ratio: 0.1, value: 97.53 },
  { defense: 'maskcrypt', ratio: 0.15, value: 125.36 },
  { defense: 'maskcrypt', ratio: 0.2, value: 191.31 },
  { defense: 'full', ratio: null, value: 102.47 },
];

/** Only for DistilGPT2 on the real Tiny-Shakespeare: other models' perplexities are not comparable. */
function publishedBesideOurs(
  { rows, results }: ReportContext,
  asked: (adversary: string, metric: string, row: string) => PooledScore | undefined,
): DataTable | null {
  const { dataset, model } = results;
  if (dataset.synthetic || !dataset.id.startsWith('tiny-shakespeare')) return null;
  if (!model.id.startsWith('distilgpt2')) return null;
  const table = PUBLISHED.flatMap(({ defense, ratio, value }) => {
    const row = rows.find(
      (one) =>
        one.family === defense &&
        (ratio === null || (one.ratio !== null && Math.abs(one.ratio - ratio) < 1e-9)),
    );
    const ours = row && asked('stale', METRICS[0], row.key);
    if (!ours) return [];
    const { value: own, interval } = printed(ours);
    return [[row.label, value.toFixed(2), `${own}${interval ? ` ${interval}` : ''}`]];
  });
  return table.length === 0
    ? null
    : dataTable(['Defense', '#Published', '#Ours, stale estimate'], table);
}
