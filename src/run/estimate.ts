import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PreparedExperiment, PreparedRun } from './prepare.ts';
import { attackKind, pretrainingKind, protocolKind, trajectoryKind } from './task-kinds.ts';
import { Timings } from './timings.ts';

/** What a run may take. Undefined where no run on this machine has measured such a task yet. */
export interface Estimate {
  readonly tasks: readonly {
    readonly what: string;
    readonly count: number;
    /** Of one task. */
    readonly seconds: number | undefined;
  }[];
  /** Of the whole run, from nothing. */
  readonly seconds: number | undefined;
  /** Of one process. */
  readonly peakBytes: number | undefined;
}

/** Adds up measurements of earlier runs in the same folder of runs. */
export function estimate(
  prepared: PreparedRun,
  { runs, jobs }: { readonly runs: string; readonly jobs: number },
): Estimate {
  const timings = measurements(runs);
  const kinds = new Map<string, { what: string; count: number }>();
  const count = (kind: string, what: string) => {
    const entry = kinds.get(kind) ?? { what, count: 0 };
    entry.count++;
    kinds.set(kind, entry);
  };
  for (const experiment of [prepared, ...prepared.also])
    countTasks(experiment, prepared.plugins, count);
  const tasks = [...kinds].map(([kind, entry]) => ({ ...entry, seconds: timings.seconds(kind) }));
  const peaks = [...kinds.keys()].flatMap((kind) => timings.peakBytes(kind) ?? []);
  const known = tasks.every(({ seconds }) => seconds !== undefined);
  const sum = tasks.reduce((total, task) => total + task.count * (task.seconds ?? 0), 0);
  return {
    tasks,
    seconds: known ? sum / jobs : undefined,
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : undefined,
  };
}

function countTasks(
  { specification, cells, trajectoryOf }: PreparedExperiment,
  { attacks }: PreparedRun['plugins'],
  count: (kind: string, what: string) => void,
): void {
  if (specification.pretraining)
    for (const _seed of specification.seeds) count(pretrainingKind(specification), 'pretrain');
  for (const hash of new Set(cells.flatMap((cell) => trajectoryOf(cell)?.hash ?? [])))
    if (hash) count(trajectoryKind(specification), 'train');
  for (const { row } of cells) count(protocolKind(specification, row), `protocol ${row}`);
  for (const _cell of cells)
    for (const use of specification.attacks) {
      const attack = attacks.find(({ meta }) => meta.id === use.id);
      const asked = specification.adversaries.filter((adversary) =>
        (attack?.meta.adversaries as readonly string[] | undefined)?.includes(adversary),
      );
      for (const _ of asked) count(attackKind(specification, use), `attack ${use.id}`);
    }
}

/** Of all runs, the latest first. */
function measurements(runs: string): Timings {
  const all = new Timings();
  if (!existsSync(runs)) return all;
  const files = readdirSync(runs)
    .map((name) => join(runs, name, 'timings.json'))
    .filter((file) => existsSync(file))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const file of files) all.complement(Timings.read(file));
  return all;
}
