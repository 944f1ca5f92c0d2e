import { Claims } from './claims.ts';
import type { Ending } from './messages.ts';
import { type ProcessEntry, type TaskOptions, TaskProcess } from './task-process.ts';

/** Stages in the order in which they make others possible. */
export const STAGES = ['pretraining', 'trajectory', 'protocol', 'attack', 'results'] as const;
export type StageName = (typeof STAGES)[number];

export interface QueuedTask extends TaskOptions {
  readonly stage: StageName;
  readonly payload: unknown;
  /** Expected duration; unknown ones count as the longest. */
  expectedSeconds(): number | undefined;
  started(): void;
}

interface Waiting {
  readonly task: QueuedTask;
  readonly resolve: (ending: Ending) => void;
}

/**
 * Runs tasks in `jobs` child processes: what others wait for first, then the longest first, so that
 * all processes finish at about the same time.
 */
export class TaskQueue {
  readonly #entry: ProcessEntry;
  readonly #jobs: number;
  readonly #memoryBytes: number;
  readonly #tasksPerProcess: number;
  readonly #claims = new Claims<TaskProcess>();
  readonly #waiting: Waiting[] = [];
  readonly #idle: TaskProcess[] = [];
  readonly #busy = new Set<TaskProcess>();
  #stopped = false;

  constructor(options: {
    readonly entry: ProcessEntry;
    readonly jobs: number;
    /** Resident memory of one process, bytes. */
    readonly memoryBytes: number;
    /** Wasm heaps never shrink: a process is replaced after this many tasks. */
    readonly tasksPerProcess: number;
  }) {
    this.#entry = options.entry;
    this.#jobs = options.jobs;
    this.#memoryBytes = options.memoryBytes;
    this.#tasksPerProcess = options.tasksPerProcess;
  }

  /** Resolves when the task has ended, in whatever way. */
  run(task: QueuedTask): Promise<Ending> {
    if (this.#stopped) return Promise.resolve({ status: 'stopped' });
    return new Promise((resolve) => {
      this.#waiting.push({ task, resolve });
      // Tasks offered in the same turn compete for the free process.
      queueMicrotask(() => this.#dispatch());
    });
  }

  /** Ends all processes at once; nothing that was complete is lost. */
  stop(): void {
    this.#stopped = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve({ status: 'stopped' });
    for (const process of [...this.#idle.splice(0), ...this.#busy]) process.stop();
  }

  #dispatch(): void {
    while (!this.#stopped && this.#waiting.length > 0 && this.#busy.size < this.#jobs) {
      const next = this.#takeFirst();
      const process =
        this.#takeIdle() ?? new TaskProcess(this.#entry, this.#memoryBytes, this.#claims);
      this.#busy.add(process);
      next.task.started();
      void process.run(next.task.payload, next.task).then((ending) => {
        this.#busy.delete(process);
        if (!process.alive || process.tasksDone >= this.#tasksPerProcess || this.#stopped)
          process.stop();
        else this.#idle.push(process);
        next.resolve(ending);
        this.#dispatch();
      });
    }
    this.#shareCores();
  }

  /**
   * While tasks wait, every process keeps to one core; when none does, the cores that are left over
   * go to the processes still at work, oldest first.
   */
  #shareCores(): void {
    const busy = [...this.#busy];
    const spare = this.#waiting.length > 0 ? 0 : this.#jobs - busy.length;
    busy.forEach((process, at) => {
      process.useCores(1 + Math.floor((spare + busy.length - 1 - at) / busy.length));
    });
  }

  #takeIdle(): TaskProcess | undefined {
    const living = this.#idle.splice(0).filter((process) => process.alive);
    const process = living.pop();
    this.#idle.push(...living);
    return process;
  }

  #takeFirst(): Waiting {
    const rank = ({ task }: Waiting): number =>
      STAGES.indexOf(task.stage) * 1e9 - Math.min(task.expectedSeconds() ?? 1e8, 1e8);
    const first = this.#waiting.reduce((best, other) => (rank(other) < rank(best) ? other : best));
    this.#waiting.splice(this.#waiting.indexOf(first), 1);
    return first;
  }
}
