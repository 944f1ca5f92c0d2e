import type { AttackScores } from '../../src/api/results.ts';
import { formatPlural } from '../format.ts';
import type { ReportContext } from './context.ts';

/** What a run shows of one answer of an attack: a picture, a text. */
export interface Shown<Item> {
  readonly row: string;
  readonly adversary: string;
  readonly item: Item;
}

/** One attack on probes that made the same number of local steps, by the first seed that shows some. */
export interface Panel<Item> {
  readonly attack: string;
  readonly title: string;
  readonly seed: number;
  readonly localSteps: number;
  readonly shown: readonly Shown<Item>[];
}

/** What attacks answered, by attack and by the probes' local steps. */
export function panelsOf<Item extends { readonly localSteps: number }>(
  { results }: ReportContext,
  itemsOf: (score: AttackScores) => readonly Item[],
): Panel<Item>[] {
  const of = (attack: string, seed: number): Shown<Item>[] =>
    results.cells
      .filter((cell) => cell.seed === seed)
      .flatMap(({ row, attacks }) =>
        attacks.flatMap(({ attack: id, adversary, outcome }) =>
          id === attack && outcome.status === 'ok'
            ? itemsOf(outcome.value).map((item) => ({ row, adversary, item }))
            : [],
        ),
      );
  return results.attacks.flatMap(({ id, title }) => {
    const seed = results.seeds.find((one) => of(id, one).length > 0);
    if (seed === undefined) return [];
    const all = of(id, seed);
    const steps = [...new Set(all.map(({ item }) => item.localSteps))].sort((a, b) => a - b);
    return steps.map((localSteps) => ({
      ...{ attack: id, title, seed, localSteps },
      shown: all.filter(({ item }) => item.localSteps === localSteps),
    }));
  });
}

/** `5 local steps, seed 1, the first 8 of 12 probes` */
export function panelSubtitle(
  { localSteps, seed }: Panel<unknown>,
  all: number,
  most: number,
  noun: string,
): string {
  const counted =
    all > most ? `the first ${most} of ${formatPlural(all, noun)}` : formatPlural(all, noun);
  return `${formatPlural(localSteps, 'local step')}, seed ${seed}, ${counted}`;
}
