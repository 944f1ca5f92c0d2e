import type { Executor } from './executor.ts';
import { InlineExecutor } from './inline-executor.ts';
import type { EngineSetup } from './open-engine.ts';
import { WorkerPool } from './pool.ts';

/**
 * @param workers number of worker threads; 0 runs on the calling thread
 * @throws {RangeError} a number of workers outside 0 … 256.
 */
export function openExecutor(setup: EngineSetup, workers: number): Executor {
  if (!Number.isInteger(workers) || workers < 0 || workers > 256)
    throw new RangeError(`${workers} workers: give a whole number from 0 to 256.`);
  return workers === 0 ? new InlineExecutor(setup) : new WorkerPool(setup, workers);
}
