import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../platform/worker-entry.ts';
import type { OpenSeat } from '../compile/compiled-program.ts';
import { UntraceableOperation } from '../compile/errors.ts';
import type { LoopArguments, LoopSource, SessionOptions } from '../compile/loop-runner.ts';
import type { RunResult } from '../program.ts';
import type { Reply, Request } from './messages.ts';
import { packArguments } from './packed-arguments.ts';

interface Job {
  readonly model: number;
  readonly source: LoopSource;
  /** None: the model is only opened. */
  readonly args: LoopArguments | undefined;
  /** Shared with the worker. */
  readonly cancelled: Int32Array;
  readonly signal: AbortSignal | undefined;
  resolve(result: RunResult | undefined): void;
  reject(error: unknown): void;
}

interface Member {
  readonly worker: Worker;
  /** Models this worker holds. */
  readonly models: Set<number>;
  job: Job | undefined;
}

/**
 * Worker threads that run compiled programs side by side, one run per worker at a time, with one
 * session per model and worker. Every worker has the same number of threads inside an operation, so
 * that results don't depend on how many workers there are.
 */
export class ProgramPool {
  readonly #options: SessionOptions;
  readonly #members: Member[] = [];
  readonly #queue: Job[] = [];
  /** Models nobody asks for any more; runs of them may still be under way. */
  readonly #released = new Set<number>();
  #width: number;
  #models = 0;
  #tasks = 0;

  constructor(width: number, options: SessionOptions) {
    this.#width = width;
    this.#options = options;
  }

  /** Runs at a time. May change while runs are under way: those go on. */
  get width(): number {
    return this.#width;
  }
  set width(width: number) {
    if (!Number.isSafeInteger(width) || width < 1)
      throw new RangeError(`a pool has at least one worker, not ${width}`);
    this.#width = width;
    this.#dispatch();
  }

  /**
   * Opens a model in one worker, which tells whether it can be run; the others open it when they get
   * a run of it.
   */
  readonly open: OpenSeat = async (source) => {
    const model = this.#models++;
    await this.#submit(model, source, undefined, undefined);
    return {
      run: (args, signal) => this.#submit(model, source, args, signal) as Promise<RunResult>,
      release: () => this.#release(model),
    };
  };

  /** Ends all workers; what is under way is given up. */
  async close(): Promise<void> {
    const error = new Error('The pool of workers was closed while it was working.');
    for (const job of this.#queue.splice(0)) job.reject(error);
    await Promise.all(
      this.#members.splice(0).map(({ worker, job }) => {
        job?.reject(error);
        return worker.terminate();
      }),
    );
  }

  #submit(
    model: number,
    source: LoopSource,
    args: LoopArguments | undefined,
    signal: AbortSignal | undefined,
  ): Promise<RunResult | undefined> {
    return new Promise((resolve, reject) => {
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', cancel);
          settle(value);
        };
      const job: Job = {
        ...{ model, source, args, signal },
        cancelled: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
        resolve: settled(resolve),
        reject: settled(reject),
      };
      const cancel = () => this.#cancel(job);
      signal?.addEventListener('abort', cancel);
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  #cancel(job: Job): void {
    // The worker looks before every call into the runtime.
    Atomics.store(job.cancelled, 0, 1);
    const at = this.#queue.indexOf(job);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    job.reject(job.signal?.reason);
  }

  #dispatch(): void {
    while (this.#members.filter(({ job }) => job).length < this.#width) {
      const job = this.#queue.shift();
      if (!job) return;
      this.#give(this.#idleMember(job.model), job);
    }
  }

  /** A worker that has the model, else any idle one, else a new one. */
  #idleMember(model: number): Member {
    const idle = this.#members.filter(({ job }) => !job);
    return idle.find(({ models }) => models.has(model)) ?? idle[0] ?? this.#newMember();
  }

  #newMember(): Member {
    const worker = startWorker('./program-worker', import.meta.url, { workerData: this.#options });
    const member: Member = { worker, models: new Set(), job: undefined };
    worker.on('message', (reply: Reply) => this.#receive(member, reply));
    worker.on('error', (error) => this.#lose(member, error));
    worker.on('exit', () => this.#lose(member, new Error('it ended')));
    this.#members.push(member);
    return member;
  }

  #give(member: Member, job: Job): void {
    member.job = job;
    // An idle worker doesn't keep the process alive, one at work does.
    member.worker.ref();
    this.#send(member, job).catch((error: unknown) => {
      this.#free(member);
      job.reject(error);
      this.#dispatch();
    });
  }

  async #send(member: Member, { model, source, args, cancelled }: Job): Promise<void> {
    const packed = args && (await packArguments(args));
    const request: Request = {
      type: 'task',
      task: this.#tasks++,
      model,
      cancelled,
      ...(!member.models.has(model) && { source }),
      ...(packed && { args: packed.args }),
    };
    member.models.add(model);
    member.worker.postMessage(request, packed?.moved);
  }

  #free(member: Member): void {
    member.job = undefined;
    member.worker.unref();
  }

  #receive(member: Member, reply: Reply): void {
    const { job } = member;
    this.#free(member);
    if (job && this.#isOver(job.model)) this.#close(member, job.model);
    if (job && reply.status === 'done') job.resolve(reply.result);
    else if (job && reply.status === 'cancelled') job.reject(job.signal?.reason);
    else if (job) {
      // The model may not have been opened at all.
      this.#close(member, job.model);
      job.reject(
        reply.status === 'untraceable'
          ? new UntraceableOperation(job.source.name, reply.operation, reply.reason, '')
          : (reply as Reply & { status: 'failed' }).error,
      );
    }
    this.#dispatch();
  }

  /** A worker ended by itself: its run failed with it. */
  #lose(member: Member, error: Error): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    member.job?.reject(new Error(`A worker that ran programs was lost: ${error.message}`));
    this.#dispatch();
  }

  #release(model: number): void {
    this.#released.add(model);
    // A run that is under way ends first, or is still to be sent.
    for (const member of this.#members) if (member.job?.model !== model) this.#close(member, model);
  }

  #isOver(model: number): boolean {
    return this.#released.has(model) && !this.#queue.some((job) => job.model === model);
  }

  #close(member: Member, model: number): void {
    if (!member.models.delete(model)) return;
    member.worker.postMessage({ type: 'close', model } satisfies Request);
  }
}
