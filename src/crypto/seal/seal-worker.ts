import { parentPort, workerData } from 'node:worker_threads';
import { CiphertextError, type ParameterSetId } from '../scheme.ts';
import { SealEngine } from './engine.ts';
import {
  type KeyMaterial,
  type SealInput,
  type SealOperation,
  type SealOutput,
  transferables,
} from './operations.ts';

/** Pool → worker. */
export interface SealRequest {
  readonly task: number;
  /** Keys this worker has not seen yet. */
  readonly keys: readonly KeyMaterial[];
  readonly operation: SealOperation;
  readonly input: SealInput<SealOperation>;
}

/** Worker → pool. `refused`: the input was bad; `failed`: this worker is to be replaced. */
export type SealReply =
  | { readonly task: number; readonly status: 'done'; readonly output: SealOutput<SealOperation> }
  | { readonly task: number; readonly status: 'refused' | 'failed'; readonly message: string };

const port = parentPort;
if (!port) throw new Error('seal-worker runs as a worker thread only');

const { parameterSet } = workerData as { parameterSet: ParameterSetId };
const engine = SealEngine.open(parameterSet);

port.on('message', async ({ task, keys, operation, input }: SealRequest) => {
  try {
    const ready = await engine;
    for (const key of keys) ready.addKey(key);
    const output = ready.execute(operation, input);
    const reply: SealReply = { task, status: 'done', output };
    port.postMessage(reply, transferables(output));
  } catch (error) {
    const status = error instanceof CiphertextError ? 'refused' : 'failed';
    const reply: SealReply = { task, status, message: (error as Error).message };
    port.postMessage(reply);
  }
});
