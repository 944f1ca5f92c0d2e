import { ArtifactError } from '../store/artifact.ts';
import { writeFileAtomically } from '../store/atomic-file.ts';
import type { RunFolder } from '../store/run-folder.ts';
import type { StageFolder } from '../store/stage-folder.ts';
import type { Ending } from './messages.ts';
import type { TaskProgress } from './progress.ts';
import type { QueuedTask, StageName, TaskQueue } from './task-queue.ts';
import type {
  AttackTask,
  PretrainingTask,
  Problem,
  ProtocolTask,
  RunContext,
  Task,
  TrajectoryTask,
  ViewTask,
} from './tasks.ts';
import type { Timings } from './timings.ts';

/** The run was stopped; what is complete stays, and the same command goes on from there. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export type StageEnd = 'complete' | Problem;

export interface StageRunnerParts {
  readonly context: RunContext;
  readonly folder: RunFolder;
  readonly queue: TaskQueue;
  readonly timings: Timings;
  /** Tells the user something that isn't an error. */
  notice(message: string): void;
}

export interface StageOptions {
  readonly kind: string;
  readonly progress: TaskProgress;
  /** What has to be there before the task can run. */
  readonly needs?: () => Promise<StageEnd>;
  /** Whether there is nothing to do; by default, whether the stage's folder is complete. */
  readonly isComplete?: () => Promise<boolean>;
}

/** Runs single stages in the queue, unless their folder is complete. */
export class StageRunner {
  readonly #parts: StageRunnerParts;
  /** Tasks that ran, rather than being found complete. */
  executed = 0;

  constructor(parts: StageRunnerParts) {
    this.#parts = parts;
  }

  /** @throws {Interrupted} when the queue was stopped. */
  async run(
    folder: StageFolder,
    task: PretrainingTask | TrajectoryTask | ProtocolTask | AttackTask,
    { kind, progress, needs, isComplete = () => this.isComplete(folder) }: StageOptions,
  ): Promise<StageEnd> {
    if (await isComplete()) {
      progress.ended('reused');
      return 'complete';
    }
    const ready = (await needs?.()) ?? 'complete';
    if (ready !== 'complete') {
      progress.ended('failed');
      return ready;
    }
    const { timings } = this.#parts;
    const ending = await this.#enqueue(task.kind, task, {
      expectedSeconds: () => timings.seconds(kind),
      ...progress,
    });
    this.executed++;
    if (ending.status === 'done') timings.add(kind, ending.usage);
    progress.ended(ending.status === 'done' ? 'done' : 'failed');
    return this.#conclude(folder, task, ending);
  }

  /**
   * Writes what attacks need. Counts as the shortest attack and so comes after all others that wait:
   * few views lie on disk at a time.
   * @throws {Interrupted} when the queue was stopped.
   */
  async prepare(folder: StageFolder, task: ViewTask): Promise<StageEnd> {
    if (await this.isComplete(folder)) return 'complete';
    const ending = await this.#enqueue('attack', task, {
      expectedSeconds: () => 0,
      started: () => undefined,
      progress: () => undefined,
    });
    return this.#conclude(folder, task, ending);
  }

  /** A damaged stage is told and computed again. */
  async isComplete(folder: StageFolder): Promise<boolean> {
    try {
      return await folder.verify();
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error;
      this.#parts.notice(`${error.message}. It is computed again.`);
      return false;
    }
  }

  async #enqueue(
    stage: StageName,
    task: PretrainingTask | TrajectoryTask | ProtocolTask | ViewTask | AttackTask,
    options: Pick<QueuedTask, 'expectedSeconds' | 'started' | 'progress'>,
  ): Promise<Exclude<Ending, { status: 'stopped' }>> {
    const { context, queue } = this.#parts;
    const ending = await queue.run({
      ...options,
      stage,
      payload: { ...context, ...task } satisfies Task,
      limitSeconds: context.specification.limits.cellSeconds,
    });
    if (ending.status === 'stopped') throw new Interrupted('The run was stopped.');
    return ending;
  }

  async #conclude(
    folder: StageFolder,
    { kind }: { readonly kind: string },
    ending: Exclude<Ending, { status: 'stopped' }>,
  ): Promise<StageEnd> {
    if (ending.status === 'done') return 'complete';
    if (ending.status === 'timed-out') return ending;
    const { code, message, hint, details } = ending.failure;
    const log = this.#parts.folder.file('logs', `${kind}-${nameOf(folder)}.log`);
    await writeFileAtomically(log, `${message}\n\n${details}\n`);
    return { status: 'failed', code, message, hint };
  }
}

function nameOf({ path }: StageFolder): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
