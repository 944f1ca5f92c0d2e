import type { ReportContext } from './context.ts';
import { absence, formatSeeds } from './outcomes.ts';

/** A cell or attack without a number, for all seeds and adversaries it happened to. */
export interface MissingResult {
  readonly symbol: string;
  readonly words: string;
  readonly where: string;
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

/** Every metric's own words on its n, with the attacks they were said of. */
function cautions(context: ReportContext): string[] {
  const where = new Map<string, Set<string>>();
  for (const { metric, attack, value } of context.results.pooled) {
    if (value.caution === undefined) continue;
    const title = context.metric(metric)?.title ?? metric;
    const key = `${title}: ${value.caution}`;
    where.set(key, (where.get(key) ?? new Set()).add(context.attack(attack)?.title ?? attack));
  }
  return [...where].map(([text, attacks]) => `${text} (${[...attacks].join(', ')}).`);
}

function missingResults(context: ReportContext): MissingResult[] {
  const grouped = new Map<
    string,
    Omit<MissingResult, 'seeds'> & { seeds: number[]; adversaries: Set<string> }
  >();
  const note = (where: string, seed: number, gap: ReturnType<typeof absence>, who?: string) => {
    if (!gap) return;
    const key = JSON.stringify([where, gap.words, gap.reason]);
    const entry = grouped.get(key) ?? { ...gap, where, seeds: [], adversaries: new Set<string>() };
    entry.seeds.push(seed);
    if (who !== undefined) entry.adversaries.add(who);
    grouped.set(key, entry);
  };
  for (const { row, seed, federation, attacks } of context.results.cells) {
    const { label } = context.row(row);
    note(`${label}: training`, seed, absence(federation));
    for (const { attack, adversary, outcome } of attacks)
      note(
        `${label}: ${context.attack(attack)?.title ?? attack}`,
        seed,
        absence(outcome),
        context.adversary(adversary).title,
      );
  }
  return [...grouped.values()]
    .map(({ seeds, adversaries, where, ...rest }) => ({
      ...rest,
      where: adversaries.size > 0 ? `${where} (${[...adversaries].join(', ')})` : where,
      seeds: formatSeeds(seeds),
    }))
    .sort((a, b) => Number(b.symbol === '✕') - Number(a.symbol === '✕'));
}
