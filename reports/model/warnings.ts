import { formatList } from '../format.ts';
import type { ReportContext } from './context.ts';
import { type Absence, absence, formatSeeds } from './outcomes.ts';

/** What gave no number for one reason: all defenses, adversaries and seeds it happened to. */
export interface MissingResult {
  readonly symbol: string;
  readonly words: string;
  /** `Training`, or the attack's title. */
  readonly what: string;
  readonly defenses: string;
  readonly adversaries: string;
  readonly seeds: string;
  readonly reason: string;
}

export interface WarningSection {
  readonly general: readonly string[];
  readonly missing: readonly MissingResult[];
}

/** A published claim rests on this many seeds at least. */
const ENOUGH_SEEDS = 5;

export function warningSection(context: ReportContext): WarningSection {
  const { results } = context;
  const general = [
    ...(results.dataset.synthetic
      ? [
          `All numbers come from synthetic data (${results.dataset.title}). They show that the suite works, not how a defense does on real data.`,
        ]
      : []),
    ...(results.seeds.length < ENOUGH_SEEDS
      ? [
          `The run has ${results.seeds.length === 1 ? 'one seed' : `${results.seeds.length} seeds`}. Intervals cover the victims, samples and seeds of this run; a published claim needs at least ${ENOUGH_SEEDS} seeds.`,
        ]
      : []),
    ...results.warnings,
    ...cautions(context),
  ];
  return { general: [...new Set(general)], missing: missingResults(context) };
}

/** What metrics say about their n, once per wording, with the metrics that say it. */
function cautions(context: ReportContext): string[] {
  const metrics = new Map<string, Set<string>>();
  for (const { metric, value } of context.results.pooled) {
    if (value.caution === undefined) continue;
    const title = context.metric(metric)?.title ?? metric;
    metrics.set(value.caution, (metrics.get(value.caution) ?? new Set()).add(title));
  }
  return [...metrics].map(([caution, titles]) => `${formatList([...titles])}: ${caution}.`);
}

function missingResults(context: ReportContext): MissingResult[] {
  const { rows, results } = context;
  const groups = new Map<string, MissingGroup>();
  const note = (gap: Absence | null, what: string, row: string, seed: number, who?: string) => {
    if (!gap) return;
    const key = JSON.stringify([what, gap.words, gap.reason]);
    const group = groups.get(key) ?? {
      gap,
      what,
      rows: new Set(),
      seeds: new Set(),
      adversaries: new Set(),
    };
    group.rows.add(context.row(row).label);
    group.seeds.add(seed);
    if (who !== undefined) group.adversaries.add(context.adversary(who).title);
    groups.set(key, group);
  };
  for (const { row, seed, federation, attacks } of results.cells) {
    note(absence(federation), 'Training', row, seed);
    for (const { attack, adversary, outcome } of attacks)
      note(absence(outcome), context.attack(attack)?.title ?? attack, row, seed, adversary);
  }
  const listOrAll = (some: ReadonlySet<string>, all: number) =>
    some.size > 1 && some.size === all ? 'all' : formatList([...some]);
  return [...groups.values()]
    .map(({ gap, what, rows: inRows, seeds, adversaries }) => ({
      ...gap,
      what,
      defenses: listOrAll(inRows, rows.length),
      adversaries:
        adversaries.size === 0 ? '–' : listOrAll(adversaries, results.adversaries.length),
      seeds: formatSeeds([...seeds]),
    }))
    .sort((a, b) => Number(b.symbol === '✕') - Number(a.symbol === '✕'));
}

interface MissingGroup {
  readonly gap: Absence;
  readonly what: string;
  readonly rows: Set<string>;
  readonly seeds: Set<number>;
  readonly adversaries: Set<string>;
}
