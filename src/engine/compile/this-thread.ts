import type { OpenSeat } from './compiled-program.ts';
import { LoopRunner, type OnnxRuntime, RunCancelled, type SessionOptions } from './loop-runner.ts';

/** Runs models in the calling thread, which is blocked during each call into the runtime. */
export function inThisThread(runtime: OnnxRuntime, options: SessionOptions): OpenSeat {
  return async (source) => {
    const runner = await LoopRunner.open(runtime, source, options);
    return {
      async run(args, signal) {
        try {
          return await runner.run(args, () => signal?.aborted === true);
        } catch (error) {
          if (error instanceof RunCancelled) signal?.throwIfAborted();
          throw error;
        }
      },
      release: () => void runner.release(),
    };
  };
}
