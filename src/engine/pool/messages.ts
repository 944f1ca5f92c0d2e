import type { LoopArguments, LoopSource, SessionOptions } from '../compile/loop-runner.ts';
import type { RunResult } from '../program.ts';

/** What a worker is started with. */
export type WorkerSetup = SessionOptions;

/** Pool → worker. */
export type Request =
  | {
      readonly type: 'task';
      readonly task: number;
      /** The pool's number for the model. */
      readonly model: number;
      /** Where this worker does not hold the model yet. */
      readonly source?: LoopSource;
      /** None: the model is only opened. */
      readonly args?: LoopArguments;
      /** Shared: 1 once the run is to be given up. */
      readonly cancelled: Int32Array;
    }
  | { readonly type: 'close'; readonly model: number };

/** Worker → pool, once for every task. */
export type Reply = { readonly task: number } & (
  | { readonly status: 'done'; readonly result?: RunResult }
  | { readonly status: 'cancelled' }
  /** The model could not be opened: the runtime lacks the operation. */
  | { readonly status: 'untraceable'; readonly operation: string; readonly reason: string }
  | { readonly status: 'failed'; readonly error: Error }
);
