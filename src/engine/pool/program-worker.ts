import { parentPort, workerData } from 'node:worker_threads';
import { UntraceableOperation } from '../compile/errors.ts';
import { LoopRunner, RunCancelled } from '../compile/loop-runner.ts';
import type { RunResult } from '../program.ts';
import type { Reply, Request, WorkerSetup } from './messages.ts';

/** Entry of the worker threads: holds models in ONNX Runtime, and no tfjs. */

const port = parentPort;
if (!port) throw new Error('program-worker runs as a worker thread only');

const runtime = import('onnxruntime-node');
const runners = new Map<number, LoopRunner>();

type Task = Request & { readonly type: 'task' };

async function carryOut({ model, source, args, cancelled }: Task): Promise<RunResult | undefined> {
  if (source)
    runners.set(model, await LoopRunner.open(await runtime, source, workerData as WorkerSetup));
  if (!args) return undefined;
  const runner = runners.get(model);
  if (!runner) throw new Error(`model ${model} is not open in this worker`);
  return runner.run(args, () => Atomics.load(cancelled, 0) === 1);
}

port.on('message', async (request: Request) => {
  if (request.type === 'close') {
    const runner = runners.get(request.model);
    runners.delete(request.model);
    await runner?.release();
    return;
  }
  const { task } = request;
  try {
    const result = await carryOut(request);
    const reply: Reply = { task, status: 'done', ...(result && { result }) };
    port.postMessage(reply, result ? buffersOf(result) : []);
  } catch (error) {
    port.postMessage(replyTo(task, error as Error));
  }
});

/** What a result holds, to be moved instead of copied; an output may share the state's memory. */
function buffersOf({ state, outputs }: RunResult): ArrayBuffer[] {
  return [...new Set([...state, ...outputs].map(({ data }) => data.buffer as ArrayBuffer))];
}

function replyTo(task: number, error: Error): Reply {
  if (error instanceof RunCancelled) return { task, status: 'cancelled' };
  if (error instanceof UntraceableOperation)
    return { task, status: 'untraceable', operation: error.operation, reason: error.reason };
  return { task, status: 'failed', error };
}
