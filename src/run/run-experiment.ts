import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { allResults, type RunResults } from '../api/results.ts';
import { metrics } from '../metrics/registry.ts';
import { processEntry } from '../platform/worker-entry.ts';
import { formatSpecification } from '../spec/format.ts';
import { hashOf } from '../spec/hash.ts';
import { readResults } from '../store/results-file.ts';
import { RunFolder } from '../store/run-folder.ts';
import { describeEnvironment, memoryPerProcess } from './environment.ts';
import { Experiment } from './experiment.ts';
import type { PreparedExperiment, PreparedRun } from './prepare.ts';
import { RunProgress } from './progress.ts';
import { Sessions } from './sessions.ts';
import { Interrupted } from './stage-runner.ts';
import { resultsKind } from './task-kinds.ts';
import { TaskQueue } from './task-queue.ts';
import type { CellOutcome, ResultsTask, RunContext } from './tasks.ts';
import { Timings } from './timings.ts';

export interface RunOptions {
  /** Folder of all runs. */
  readonly runs: string;
  /** Child processes at a time. */
  readonly jobs: number;
  /** Of one child process; by default an equal share of 85 % of the machine's. */
  readonly memoryBytes?: number | undefined;
  readonly signal: AbortSignal;
  onProgress(progress: RunProgress): void;
  /** Something the user may want to know that isn't an error. */
  notice(message: string): void;
}

export interface FinishedRun {
  readonly folder: RunFolder;
  readonly results: RunResults;
  /** Cells and attacks that failed or timed out. */
  readonly failures: number;
}

/** A process is replaced after this many tasks: wasm heaps never shrink. */
const TASKS_PER_PROCESS = 24;
/** Raised when `results.json` is put together differently from the same cells. */
const RESULTS_LAYOUT = 2;

/**
 * Runs an experiment into `runs/<name>`, or goes on where an earlier run of it stopped.
 *
 * @throws {Interrupted} when the signal fires: what is complete stays.
 * @throws {RunFolderBusy} when another process writes the folder.
 * @throws {ResultsFailed} when the results could not be put together.
 */
export async function runExperiment(
  prepared: PreparedRun,
  options: RunOptions,
): Promise<FinishedRun> {
  const { specification, plugins } = prepared;
  const folder = new RunFolder(resolve(options.runs, specification.name));
  const unlock = await folder.lock();
  const sessions = new Sessions(folder.file('sessions.json'));
  const timings = Timings.read(folder.file('timings.json'));
  const queue = new TaskQueue({
    entry: processEntry('./cell-process', import.meta.url),
    jobs: options.jobs,
    memoryBytes: options.memoryBytes ?? memoryPerProcess(options.jobs),
    tasksPerProcess: TASKS_PER_PROCESS,
  });
  const stop = () => queue.stop();
  options.signal.addEventListener('abort', stop);
  if (options.signal.aborted) stop();
  try {
    await freeze(folder, prepared, options);
    const progress = new RunProgress({
      timings,
      jobs: options.jobs,
      onChange: options.onProgress,
    });
    const context: RunContext = {
      folder: folder.path,
      specification,
      plugins: specification.plugins,
      jobs: options.jobs,
    };
    const parts = { folder, queue, progress, timings };
    const carryOut = async ({ specification, cells, trajectoryOf }: PreparedExperiment) => {
      const experiment = new Experiment({
        ...{ ...parts, cells, trajectoryOf },
        context: { ...context, specification },
        attacks: plugins.attacks,
        metrics: metrics.map(({ meta: { id, version } }) => ({ id, version })),
        notice: options.notice,
      });
      const outcomes = await experiment.run();
      if (experiment.executed > 0) await sessions.write();
      return outcomes;
    };
    const cells = await carryOut(prepared);
    // One after the other: experiments may share cells, and then the later one finds them complete.
    const also: (readonly CellOutcome[])[] = [];
    for (const other of prepared.also) also.push(await carryOut(other));
    const { createdAt, wallSeconds } = sessions;
    const run = { createdAt, wallSeconds };
    const results = await putTogether({ ...parts, context }, { cells, also, run });
    return { folder, results, failures: countFailures(results) };
  } catch (error) {
    if (error instanceof Interrupted) await sessions.write();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', stop);
    queue.stop();
    await timings.write(folder.file('timings.json'));
    await unlock();
  }
}

async function freeze(folder: RunFolder, prepared: PreparedRun, options: RunOptions) {
  const specification = formatSpecification(prepared.specification);
  const earlier = readIfThere(folder.file('specification.yaml'));
  if (earlier !== undefined && earlier !== specification)
    options.notice(
      `${folder.path} holds a run of another version of this specification. What still fits is used again.`,
    );
  await folder.freeze({
    original: prepared.original,
    specification,
    environment: describeEnvironment('none'),
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // The run is new.
  }
}

/** The results couldn't be put together from the cells. */
export class ResultsFailed extends Error {
  override readonly name = 'ResultsFailed';
}

type Parts = Pick<
  ConstructorParameters<typeof Experiment>[0],
  'folder' | 'queue' | 'progress' | 'timings' | 'context'
>;

async function putTogether(
  { folder, queue, progress, timings, context }: Parts,
  { cells, also, run }: Pick<ResultsTask, 'cells' | 'also' | 'run'>,
): Promise<RunResults> {
  const key = hashOf([RESULTS_LAYOUT, context.specification, cells, also]);
  const stage = folder.results(key);
  const kind = resultsKind(context.specification);
  const planned = progress.plan('results', kind, 'scores and report');
  const complete = await stage.verify().catch(() => false);
  if (complete) planned.ended('reused');
  else {
    const task: ResultsTask = { kind: 'results', key, cells, also, run };
    const ending = await queue.run({
      stage: 'results',
      payload: { ...context, ...task },
      limitSeconds: context.specification.limits.cellSeconds,
      expectedSeconds: () => timings.seconds(kind),
      started: planned.started,
      progress: planned.progress,
    });
    if (ending.status === 'stopped') throw new Interrupted('The run was stopped.');
    planned.ended(ending.status === 'done' ? 'done' : 'failed');
    if (ending.status === 'timed-out')
      throw new ResultsFailed(
        `Putting the results together took longer than ${ending.limitSeconds} s. Raise limits.cellSeconds and run the same command again.`,
      );
    if (ending.status === 'failed')
      throw new ResultsFailed(
        `The cells are complete, but their results could not be put together: ${ending.failure.message} ${ending.failure.hint}\n${ending.failure.details}`,
      );
    timings.add(kind, ending.usage);
  }
  return readResults(join(folder.path, 'results.json'));
}

function countFailures(results: RunResults): number {
  const failed = ({ status }: { status: string }) => status === 'failed' || status === 'timed-out';
  return allResults(results)
    .flatMap(({ cells }) => cells)
    .reduce(
      (sum, { federation, attacks }) =>
        sum +
        (failed(federation) ? 1 : 0) +
        attacks.filter(({ outcome }) => failed(outcome)).length,
      0,
    );
}
