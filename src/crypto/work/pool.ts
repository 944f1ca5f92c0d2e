import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../platform/worker-entry.ts';
import { CiphertextError } from '../scheme.ts';
import type { EngineReply, EngineRequest } from './engine-worker.ts';
import type { Executor } from './executor.ts';
import { Inbox } from './inbox.ts';
import type { EngineSetup } from './open-engine.ts';
import {
  EngineFailure,
  type Input,
  type KeyMaterial,
  type Operation,
  type Output,
} from './operations.ts';

interface Task {
  readonly operation: Operation;
  readonly keys: readonly KeyMaterial[];
  readonly input: () => Input<Operation>;
  readonly resolve: (output: Output<Operation>) => void;
  readonly reject: (error: Error) => void;
}

/** A task at a worker, with the inbox its arrays lie in. */
interface Running {
  readonly task: Task;
  readonly inbox: Inbox;
}

interface Seat {
  readonly worker: Worker;
  readonly knownKeys: Set<number>;
  readonly running: Map<number, Running>;
  readonly freeInboxes: Inbox[];
}

/** A worker computes one task while the next one waits beside it; the rest stay in the queue. */
const tasksPerWorker = 2;

/** Worker threads with one engine each. */
export class WorkerPool implements Executor {
  readonly width: number;
  readonly #setup: EngineSetup;
  readonly #seats: Seat[] = [];
  readonly #queue: Task[] = [];
  #tasks = 0;
  #closed = false;

  constructor(setup: EngineSetup, width: number) {
    this.width = width;
    this.#setup = setup;
  }

  submit<O extends Operation>(
    operation: O,
    keys: readonly KeyMaterial[],
    input: () => Input<O>,
  ): Promise<Output<O>> {
    if (this.#closed) return Promise.reject(new Error('The key ring is closed.'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ operation, keys, input, resolve: resolve as Task['resolve'], reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const error = new Error('The key ring was closed while it was working.');
    for (const task of this.#queue.splice(0)) task.reject(error);
    await Promise.all(
      this.#seats.splice(0).map(({ worker, running }) => {
        for (const { task } of running.values()) task.reject(error);
        return worker.terminate();
      }),
    );
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const seat = this.#freeSeat();
      const task = seat && this.#queue.shift();
      if (!task) return;
      try {
        this.#send(seat, task);
      } catch (error) {
        task.reject(error as Error);
      }
    }
  }

  /** The least busy worker with room for a task; a new one while there are fewer than `width`. */
  #freeSeat(): Seat | undefined {
    const idle = this.#seats.find(({ running }) => running.size === 0);
    if (idle) return idle;
    if (this.#seats.length < this.width) return this.#openSeat();
    const [leastBusy] = this.#seats.toSorted((a, b) => a.running.size - b.running.size);
    return leastBusy && leastBusy.running.size < tasksPerWorker ? leastBusy : undefined;
  }

  #openSeat(): Seat {
    const worker = startWorker('./engine-worker', import.meta.url, { workerData: this.#setup });
    const seat: Seat = {
      worker,
      knownKeys: new Set(),
      running: new Map(),
      freeInboxes: [],
    };
    worker.on('message', (reply: EngineReply) => this.#receive(seat, reply));
    worker.on('error', (error) => this.#lose(seat, error));
    worker.on('exit', () => this.#lose(seat, new Error('it ended')));
    worker.unref();
    this.#seats.push(seat);
    return seat;
  }

  #send(seat: Seat, task: Task): void {
    const keys = task.keys.filter(({ id }) => !seat.knownKeys.has(id));
    const id = this.#tasks++;
    const inbox = seat.freeInboxes.pop() ?? new Inbox();
    const input = inbox.write(task.input());
    const request: EngineRequest = { task: id, keys, operation: task.operation, input };
    seat.running.set(id, { task, inbox });
    // While something runs, the process must wait for it.
    seat.worker.ref();
    seat.worker.postMessage(request);
    for (const key of keys) seat.knownKeys.add(key.id);
  }

  #receive(seat: Seat, reply: EngineReply): void {
    const running = seat.running.get(reply.task);
    if (!running) return;
    const { task, inbox } = running;
    seat.running.delete(reply.task);
    inbox.clear();
    seat.freeInboxes.push(inbox);
    if (seat.running.size === 0) seat.worker.unref();
    if (reply.status === 'done') task.resolve(reply.output);
    else if (reply.status === 'refused') {
      // A key may have been what was refused; it is sent again where it is needed.
      for (const { id } of task.keys) seat.knownKeys.delete(id);
      task.reject(new CiphertextError(reply.message));
    } else {
      task.reject(new EngineFailure(reply.message));
      this.#discard(seat);
    }
    this.#dispatch();
  }

  /** A worker ended by itself: its current task failed with it. */
  #lose(seat: Seat, error: Error): void {
    const [current] = seat.running;
    if (current) {
      seat.running.delete(current[0]);
      current[1].task.reject(new EngineFailure(`A cipher worker was lost: ${error.message}`));
    }
    this.#discard(seat);
  }

  /** Ends a worker for good; what it had not begun goes back to the head of the queue. */
  #discard(seat: Seat): void {
    const at = this.#seats.indexOf(seat);
    if (at === -1) return;
    this.#seats.splice(at, 1);
    this.#queue.unshift(...[...seat.running.values()].map(({ task }) => task));
    seat.running.clear();
    void seat.worker.terminate();
    this.#dispatch();
  }
}
