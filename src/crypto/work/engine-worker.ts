import { parentPort, workerData } from 'node:worker_threads';
import { CiphertextError } from '../scheme.ts';
import { type EngineSetup, openEngine } from './open-engine.ts';
import {
  type Input,
  type KeyMaterial,
  type Operation,
  type Output,
  transferables,
} from './operations.ts';

/** Pool → worker. */
export interface EngineRequest {
  readonly task: number;
  /** Keys this worker has not seen yet. */
  readonly keys: readonly KeyMaterial[];
  readonly operation: Operation;
  readonly input: Input<Operation>;
}

/** Worker → pool. `refused`: the input was bad; `failed`: this worker is to be replaced. */
export type EngineReply =
  | { readonly task: number; readonly status: 'done'; readonly output: Output<Operation> }
  | { readonly task: number; readonly status: 'refused' | 'failed'; readonly message: string };

const port = parentPort;
if (!port) throw new Error('engine-worker runs as a worker thread only');

const engine = openEngine(workerData as EngineSetup);

port.on('message', async ({ task, keys, operation, input }: EngineRequest) => {
  try {
    const ready = await engine;
    for (const key of keys) ready.addKey(key);
    const output = ready.execute(operation, input);
    const reply: EngineReply = { task, status: 'done', output };
    port.postMessage(reply, transferables(output));
  } catch (error) {
    const status = error instanceof CiphertextError ? 'refused' : 'failed';
    const reply: EngineReply = { task, status, message: (error as Error).message };
    port.postMessage(reply);
  }
});
