import { EXIT } from './errors.ts';

export interface Interruptible {
  readonly signal: AbortSignal;
  release(): void;
}

/** Ctrl-C once stops the run and keeps what is complete; twice ends at once. */
export function interruptible(): Interruptible {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    release: () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  };
}
