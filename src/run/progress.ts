import { STAGES, type StageName } from './task-queue.ts';
import type { Timings } from './timings.ts';

/** One stage as the display shows it. */
export interface StageProgress {
  readonly stage: StageName;
  readonly total: number;
  readonly done: number;
  /** Of the done ones: complete already when the run began. */
  readonly reused: number;
  /** Of the done ones: failed or timed out. */
  readonly failed: number;
  readonly running: readonly { readonly label: string; readonly fraction: number }[];
  /** Σ of fractions over all tasks, 0 … 1. */
  readonly fraction: number;
}

interface Planned {
  readonly stage: StageName;
  readonly kind: string;
  readonly label: string;
  state: 'waiting' | 'running' | 'done' | 'reused' | 'failed';
  fraction: number;
  startedAt: number;
}

/** A handle on one planned task. */
export interface TaskProgress {
  started(): void;
  progress(fraction: number): void;
  ended(state: 'done' | 'reused' | 'failed'): void;
  /** Another task gives the same result: this one isn't needed. */
  dropped(): void;
}

/** What a run has done and what is left; told to `onChange` whenever it moves. */
export class RunProgress {
  readonly #tasks = new Set<Planned>();
  readonly #timings: Timings;
  readonly #jobs: number;
  readonly #onChange: (progress: RunProgress) => void;
  readonly #now: () => number;

  constructor(options: {
    readonly timings: Timings;
    readonly jobs: number;
    readonly onChange: (progress: RunProgress) => void;
    /** Milliseconds. */
    readonly now?: () => number;
  }) {
    this.#timings = options.timings;
    this.#jobs = options.jobs;
    this.#onChange = options.onChange;
    this.#now = options.now ?? (() => performance.now());
  }

  plan(stage: StageName, kind: string, label: string): TaskProgress {
    const task: Planned = { stage, kind, label, state: 'waiting', fraction: 0, startedAt: 0 };
    this.#tasks.add(task);
    const change = (values: Partial<Planned>) => {
      Object.assign(task, values);
      this.#onChange(this);
    };
    return {
      started: () => change({ state: 'running', startedAt: this.#now() }),
      progress: (fraction) => change({ fraction: Math.min(1, Math.max(0, fraction)) }),
      ended: (state) => change({ state, fraction: 1 }),
      dropped: () => {
        this.#tasks.delete(task);
        this.#onChange(this);
      },
    };
  }

  stages(): StageProgress[] {
    return STAGES.map((stage) => {
      const tasks = [...this.#tasks].filter((task) => task.stage === stage);
      const count = (...states: Planned['state'][]) =>
        tasks.filter(({ state }) => states.includes(state)).length;
      return {
        stage,
        total: tasks.length,
        done: count('done', 'reused', 'failed'),
        reused: count('reused'),
        failed: count('failed'),
        running: tasks
          .filter(({ state }) => state === 'running')
          .map(({ label, fraction }) => ({ label, fraction })),
        fraction: tasks.reduce((sum, { fraction }) => sum + fraction, 0) / (tasks.length || 1),
      };
    }).filter(({ total }) => total > 0);
  }

  /**
   * Seconds until all is done, from measured durations of the same kind of task and from how far the
   * running ones say they are; a lower bound while a kind has neither, undefined while none has.
   */
  remaining(): { readonly seconds: number; readonly atLeast: boolean } | undefined {
    let known = 0;
    let unknown = 0;
    let sum = 0;
    let longest = 0;
    const guesses = new Map<string, number>();
    for (const task of this.#tasks) {
      if (task.state !== 'running' || task.fraction < 0.02) continue;
      guesses.set(task.kind, (this.#now() - task.startedAt) / 1000 / task.fraction);
    }
    for (const task of this.#tasks) {
      if (task.state !== 'waiting' && task.state !== 'running') continue;
      const whole = this.#timings.seconds(task.kind) ?? guesses.get(task.kind);
      if (whole === undefined) {
        unknown++;
        continue;
      }
      known++;
      const left = task.state === 'waiting' ? whole : this.#left(task, whole);
      sum += left;
      longest = Math.max(longest, left);
    }
    if (known === 0 && unknown > 0) return undefined;
    return { seconds: Math.max(sum / this.#jobs, longest), atLeast: unknown > 0 };
  }

  #left(task: Planned, whole: number): number {
    const elapsed = (this.#now() - task.startedAt) / 1000;
    if (task.fraction >= 0.02) return (elapsed / task.fraction) * (1 - task.fraction);
    return Math.max(0, whole - elapsed);
  }
}
