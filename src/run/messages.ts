/** What parent and child processes tell each other; JSON over the IPC channel. */
export type ToChild =
  | { readonly type: 'task'; readonly task: unknown }
  /** Cores the task may use from now on; more while few tasks are left. */
  | { readonly type: 'cores'; readonly cores: number }
  /** The task should end soon; the process is killed a little later. */
  | { readonly type: 'abort' }
  /** Answers a claim: nobody computes the value now, so it is there already or yours to compute. */
  | { readonly type: 'granted'; readonly key: string };

export type FromChild =
  | { readonly type: 'progress'; readonly fraction: number }
  | { readonly type: 'claim'; readonly key: string }
  | { readonly type: 'release'; readonly key: string }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly failure: Failure };

/** Why something didn't work, for a person. */
export interface Failure {
  /** Kebab-case: `crashed`, `out-of-memory`, `ciphertext-error` … */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Stack and the last lines of output, for the log. */
  readonly details: string;
}

/** How a task ended. */
export type Ending =
  | { readonly status: 'done'; readonly result: unknown; readonly usage: Usage }
  | { readonly status: 'failed'; readonly failure: Failure }
  | { readonly status: 'timed-out'; readonly limitSeconds: number }
  /** The run was stopped. */
  | { readonly status: 'stopped' };

export interface Usage {
  readonly seconds: number;
  /** Highest resident memory seen, bytes. */
  readonly peakBytes: number;
}
