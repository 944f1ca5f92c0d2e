import type { AttackKind } from '../api/attack.ts';
import type { CellResult, RunResults } from '../api/results.ts';
import type { Cell, PluginUse, Specification } from '../spec/specification.ts';
import type { AdversaryId } from '../view/adversaries.ts';

/** What every task of a run needs; small, so it travels with each of them. */
export interface RunContext {
  /** `runs/<name>`, absolute. */
  readonly folder: string;
  readonly specification: Specification;
  /** Absolute paths. */
  readonly plugins: readonly string[];
  /** Processes that run at the same time. */
  readonly jobs: number;
}

/** Trains a seed's initial model on public data. */
export interface PretrainingTask {
  readonly kind: 'pretraining';
  readonly hash: string;
  readonly seed: number;
}

export interface TrajectoryTask {
  readonly kind: 'trajectory';
  readonly hash: string;
  readonly seed: number;
  /** Whether some defense asks clients for gradients. */
  readonly gradients: boolean;
}

export interface ProtocolTask {
  readonly kind: 'protocol';
  readonly cell: Cell;
  /** Hash of the recorded training it runs on; absent: it trains its own. */
  readonly trajectory?: string;
}

/** Writes out what an adversary sees, for attacks that may read nothing else. */
export interface ViewTask {
  readonly kind: 'view';
  readonly cell: Cell;
  readonly trajectory?: string;
  readonly adversary: AdversaryId;
}

export interface AttackTask {
  readonly kind: 'attack';
  readonly cell: Cell;
  readonly trajectory?: string;
  readonly attack: PluginUse;
  readonly adversary: AdversaryId;
  /** Folder of the answer under `attacks/`. */
  readonly key: string;
}

export interface ResultsTask {
  readonly kind: 'results';
  /** Of everything the results are made from. */
  readonly key: string;
  readonly cells: readonly CellOutcome[];
  /** Of the run's further experiments, in the order of `Specification.also`. */
  readonly also: readonly (readonly CellOutcome[])[];
  readonly run: Pick<RunResults, 'createdAt' | 'wallSeconds'>;
}

/** Where a cell's results lie, or why there are none. */
export interface CellOutcome {
  readonly cell: Cell;
  readonly federation: Problem | { readonly status: 'ok' };
  readonly attacks: readonly {
    readonly attack: string;
    readonly kind: AttackKind;
    readonly adversary: AdversaryId;
    readonly outcome: Problem | { readonly status: 'stored'; readonly key: string };
  }[];
}

/** Every outcome that isn't a value. */
export type Problem = Exclude<CellResult['federation'], { status: 'ok' }>;

export type Task = RunContext &
  (PretrainingTask | TrajectoryTask | ProtocolTask | ViewTask | AttackTask | ResultsTask);
