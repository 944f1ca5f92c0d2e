import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Claims } from './claims.ts';
import { endedUnexpectedly, outOfMemory } from './failure.ts';
import type { Ending, FromChild, ToChild } from './messages.ts';

export interface ProcessEntry {
  readonly path: URL;
  readonly execArgv: readonly string[];
}

export interface TaskOptions {
  readonly limitSeconds: number;
  progress(fraction: number): void;
}

const KEPT_OUTPUT = 8192;
const GRACE_MS = 3000;
const MEMORY_CHECK_MS = 500;

/**
 * One child process that carries out tasks, one at a time; it survives its tasks so that the engine
 * and the HE library start once.
 *
 * Not tinypool's child_process runtime: that one pipes a child's stderr into ours (into the middle
 * of the task list), tells neither signal nor last words of a crash, limits neither a task's time
 * nor a process's resident memory (wasm and native heaps live outside V8's), and has no channel for
 * claims.
 */
export class TaskProcess {
  readonly #child: ChildProcess;
  readonly #claims: Claims<TaskProcess>;
  readonly #memoryBytes: number;
  #output = '';
  #peakBytes = 0;
  #overMemory = false;
  #stopped = false;
  #cores = 1;
  #coresOfTask = 1;
  #end: ((ending: Ending) => void) | undefined;
  tasksDone = 0;

  constructor(entry: ProcessEntry, memoryBytes: number, claims: Claims<TaskProcess>) {
    this.#claims = claims;
    this.#memoryBytes = memoryBytes;
    const heapMiB = Math.max(256, Math.floor(memoryBytes / 2 ** 20));
    this.#child = fork(entry.path, {
      execArgv: [...entry.execArgv, `--max-old-space-size=${heapMiB}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
      });
    const watch = setInterval(() => this.#watchMemory(), MEMORY_CHECK_MS).unref();
    this.#child.on('error', () => this.#child.kill('SIGKILL'));
    // 'close' comes after the pipes are drained, so that a crash's last words are there.
    this.#child.on('close', (code, signal) => {
      clearInterval(watch);
      this.#claims.releaseAll(this);
      const reason = this.#overMemory
        ? outOfMemory(this.#memoryBytes * this.#coresOfTask, this.#output)
        : endedUnexpectedly(code, signal, this.#output);
      this.#end?.(this.#stopped ? { status: 'stopped' } : { status: 'failed', failure: reason });
    });
  }

  get alive(): boolean {
    return this.#child.connected && this.#child.exitCode === null && !this.#child.killed;
  }

  /** Carries out one task; resolves however it ends. */
  async run(task: unknown, { limitSeconds, progress }: TaskOptions): Promise<Ending> {
    const start = performance.now();
    this.#output = '';
    this.#peakBytes = 0;
    this.#coresOfTask = this.#cores;
    let timedOut = false;
    const timers: NodeJS.Timeout[] = [];
    const ending = new Promise<Ending>((resolve) => {
      this.#end = resolve;
    });
    const onMessage = (message: FromChild) => {
      if (message.type === 'progress') progress(message.fraction);
      else if (message.type === 'claim')
        this.#claims.claim(message.key, this, () => this.#send({ ...message, type: 'granted' }));
      else if (message.type === 'release') this.#claims.release(message.key, this);
      else if (message.type === 'failed')
        this.#end?.({ status: 'failed', failure: message.failure });
      else {
        const seconds = (performance.now() - start) / 1000;
        this.#watchMemory();
        const usage = { seconds, peakBytes: this.#peakBytes };
        this.#end?.({ status: 'done', result: message.result, usage });
      }
    };
    this.#child.on('message', onMessage);
    timers.push(
      setTimeout(() => {
        timedOut = true;
        this.#send({ type: 'abort' });
        timers.push(setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS));
      }, limitSeconds * 1000),
    );
    this.#send({ type: 'task', task });
    const result = await ending;
    for (const timer of timers) clearTimeout(timer);
    this.#child.off('message', onMessage);
    this.#end = undefined;
    this.#claims.releaseAll(this);
    this.tasksDone++;
    return timedOut && result.status === 'failed' ? { status: 'timed-out', limitSeconds } : result;
  }

  /** Lets the task run that many programs side by side, on that many processes' memory. */
  useCores(cores: number): void {
    if (cores !== this.#cores) this.#send({ type: 'cores', cores });
    this.#cores = cores;
    // What it took with more cores, it keeps until the task ends.
    this.#coresOfTask = Math.max(this.#coresOfTask, cores);
  }

  /** Ends the process at once; a running task ends as `stopped`. */
  stop(): void {
    this.#stopped = true;
    this.#child.kill('SIGKILL');
  }

  #send(message: ToChild): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Resident memory, where the system tells it cheaply (Linux); V8's own limit holds everywhere. */
  #watchMemory(): void {
    if (process.platform !== 'linux' || !this.#child.pid) return;
    let status: string;
    try {
      status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    } catch {
      return; // The process has just ended.
    }
    const bytes = Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
    if (bytes > this.#memoryBytes * this.#coresOfTask) {
      this.#overMemory = true;
      this.#child.kill('SIGKILL');
    }
  }
}
