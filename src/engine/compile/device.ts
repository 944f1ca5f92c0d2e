import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inTurns } from '../turns.ts';
import type { Device, OnnxRuntime } from './loop-runner.ts';
import { writeModel } from './onnx-writer.ts';

/** y = x: the least model that makes the runtime load a device's provider. */
const identity = () =>
  writeModel({
    name: 'probe',
    inputs: [{ name: 'x', type: 'float32', shape: [1] }],
    initializers: [],
    nodes: [{ op: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} }],
    outputs: [{ name: 'y', type: 'float32', shape: [1] }],
  });

/** Why a device can't be used here, with the remedy; undefined where it can. */
export async function unavailableDevice(
  runtime: OnnxRuntime,
  device: Device,
): Promise<string | undefined> {
  if (device === 'cpu') return undefined;
  const reason = hasCudaFiles() ? await probe(runtime, device) : 'its GPU files are not installed';
  return (
    reason &&
    `ONNX Runtime has no working CUDA provider here (${reason}); it needs an NVIDIA GPU with its driver, CUDA 12 and cuDNN 9 on Linux x64, and the GPU files of onnxruntime-node, which npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12 downloads`
  );
}

/** Asking for a provider whose files are missing makes the runtime write to stderr. */
function hasCudaFiles(): boolean {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  const binaries = join(dirname(entry), '..', 'bin');
  return readdirSync(binaries).some((version) => {
    const folder = join(binaries, version, process.platform, process.arch);
    return ['libonnxruntime_providers_cuda.so', 'onnxruntime_providers_cuda.dll'].some((file) =>
      existsSync(join(folder, file)),
    );
  });
}

/** Why a model can't be opened on the device. */
async function probe(runtime: OnnxRuntime, device: Device): Promise<string | undefined> {
  try {
    const session = await runtime.InferenceSession.create(await inTurns(identity()), {
      executionProviders: [device],
      logSeverityLevel: 4,
    });
    await session.release();
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'no reason given';
  }
}
