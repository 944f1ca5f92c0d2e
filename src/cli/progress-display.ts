import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { RunProgress, StageProgress } from '../run/progress.ts';
import { STAGES, type StageName } from '../run/task-queue.ts';
import { formatDuration } from './duration.ts';

/** Shows a run while it goes on; on stderr, so that stdout carries results only. */
export interface ProgressDisplay {
  update(progress: RunProgress): void;
  notice(message: string): void;
  /** Leaves the last state on the screen. */
  close(): Promise<void>;
}

const TITLES: Readonly<Record<StageName, string>> = {
  pretraining: 'Train on public data',
  trajectory: 'Train the federation',
  protocol: 'Encrypt and aggregate',
  attack: 'Attack what the server saw',
  results: 'Score and report',
};

export function openDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  // A terminal that tells no width would be redrawn letter by letter.
  return stream.isTTY && stream.columns > 20 ? new LiveDisplay(stream) : new LineDisplay(stream);
}

/** `Attack what the server saw  12/40, 3 reused, 1 failed` */
export function stageLine({ stage, done, total, reused, failed }: StageProgress): string {
  const asides = [reused > 0 && `${reused} reused`, failed > 0 && `${failed} failed`];
  return [`${TITLES[stage]}  ${done}/${total}`, ...asides.filter(Boolean)].join(', ');
}

/** One line when a stage ends, and one a minute with the time left. */
class LineDisplay implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #told = new Set<StageName>();
  #lastEstimate = performance.now();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  update(progress: RunProgress): void {
    const stages = progress.stages();
    for (const stage of stages) {
      const finished = stage.done === stage.total && earlierDone(stages, stage.stage);
      if (!finished || this.#told.has(stage.stage)) continue;
      this.#told.add(stage.stage);
      this.#stream.write(`${stageLine(stage)}${timeLeft(progress)}\n`);
    }
    if (performance.now() - this.#lastEstimate < 60_000) return;
    this.#lastEstimate = performance.now();
    const current = stages.find(({ done, total }) => done < total);
    if (current) this.#stream.write(`${stageLine(current)}${timeLeft(progress)}\n`);
  }

  notice(message: string): void {
    this.#stream.write(`${message}\n`);
  }

  async close(): Promise<void> {}
}

/** A stage may look finished while an earlier one can still add to it. */
function earlierDone(stages: readonly StageProgress[], stage: StageName): boolean {
  return stages
    .slice(
      0,
      stages.findIndex((other) => other.stage === stage),
    )
    .every(({ done, total }) => done === total);
}

function timeLeft(progress: RunProgress): string {
  const remaining = progress.remaining();
  if (remaining === undefined || remaining.seconds < 2) return '';
  return `; ${remaining.atLeast ? 'at least' : 'about'} ${formatDuration(remaining.seconds)} left`;
}

interface LiveStage {
  readonly task: { title: string; output: string };
  finish(): void;
}

/** Draws on whatever terminal it is given: listr2 by itself asks whether stdout is one. */
class ListOnStderr extends DefaultRenderer {
  static override nonTTY = true;
}

/** A task list that is redrawn in place. */
class LiveDisplay implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #stages = new Map<StageName, LiveStage>();
  readonly #notices: string[] = [];
  readonly #ended: Promise<unknown>;
  readonly #redraw: NodeJS.Timeout;
  #progress: RunProgress | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    const tasks = STAGES.map((stage) => ({
      title: TITLES[stage],
      task: (_: unknown, task: LiveStage['task']) =>
        new Promise<void>((resolve) => this.#stages.set(stage, { task, finish: resolve })),
      rendererOptions: { outputBar: 1 },
    }));
    this.#ended = new Listr(tasks, {
      concurrent: true,
      registerSignalListeners: false,
      renderer: ListOnStderr,
      rendererOptions: {
        logger: new ListrLogger({ processOutput: new ProcessOutput(stream, stream) }),
      },
    }).run();
    // Time passes between events too.
    this.#redraw = setInterval(() => this.#draw(), 500);
  }

  update(progress: RunProgress): void {
    this.#progress = progress;
  }

  notice(message: string): void {
    this.#notices.push(message);
  }

  async close(): Promise<void> {
    clearInterval(this.#redraw);
    this.#draw();
    for (const { task, finish } of this.#stages.values()) {
      task.output = '';
      finish();
    }
    await this.#ended;
    for (const notice of this.#notices) this.#stream.write(`${notice}\n`);
  }

  #draw(): void {
    const stages = this.#progress?.stages() ?? [];
    const current = stages.find(({ done, total }) => done < total);
    for (const stage of stages) {
      const live = this.#stages.get(stage.stage);
      if (!live || !this.#progress) continue;
      const title = `${stageLine(stage)}${stage === current ? timeLeft(this.#progress) : ''}`;
      const output = stage.running
        .map(({ label, fraction }) => `${bar(fraction)} ${label}`)
        .join('\n');
      if (live.task.title !== title) live.task.title = title;
      if (live.task.output !== output) live.task.output = output;
      if (stage.done < stage.total || !earlierDone(stages, stage.stage)) continue;
      live.finish();
      // A task of the list that is over takes no more output.
      this.#stages.delete(stage.stage);
    }
  }
}

const BAR_WIDTH = 16;

function bar(fraction: number): string {
  const filled = Math.round(fraction * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
}
