import type { ParameterSetId } from '../scheme.ts';
import type { SealExecutor } from './executor.ts';
import { InlineExecutor } from './inline-executor.ts';
import { SealPool } from './pool.ts';

/**
 * @param workers number of worker threads; 0 runs on the calling thread
 * @throws {RangeError} a number of workers outside 0 … 256.
 */
export function openExecutor(parameterSet: ParameterSetId, workers: number): SealExecutor {
  if (!Number.isInteger(workers) || workers < 0 || workers > 256)
    throw new RangeError(`${workers} workers: give a whole number from 0 to 256.`);
  return workers === 0 ? new InlineExecutor(parameterSet) : new SealPool(parameterSet, workers);
}
