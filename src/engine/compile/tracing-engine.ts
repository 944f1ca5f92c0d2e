import { engine, Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { TracingBackend } from './backend.ts';

/** The private part of tfjs's engine that tracing replaces. */
interface TfjsEngine {
  readonly backendName: string;
  readonly backendInstance: unknown;
  readonly state: { readonly gradientDepth: number; readonly kernelDepth: number };
  nextTensorId(): number;
  getTensorsForGradient(kernelName: string, inputs: object, outputs: Tensor[]): Tensor[];
  saveTensorsForBackwardMode(tensors: Tensor[]): Tensor[];
  addTapeNode(...node: unknown[]): void;
}

type Inputs = Record<string, Tensor>;

/**
 * Runs `work` with symbolic tensors: every kernel tfjs calls meanwhile is recorded by the backend that
 * `work` is given.
 *
 * tfjs's engine counts tensors and bytes, opens a scope per operation, copies what a gradient saves and
 * frees what nobody holds: more than half of a trace's time (measured), for tensors that hold nothing.
 * Without the copies there is nothing to order on the tape either (see tape-order).
 */
export function onTracingBackend<T>(work: (backend: TracingBackend) => T): T {
  const backend = new TracingBackend();
  const tfjs = engine() as unknown as TfjsEngine & Record<string, unknown>;
  const replaced = replacements(tfjs, backend);
  const before = Object.keys(replaced).map(
    (name) => [name, Object.getOwnPropertyDescriptor(tfjs, name)] as const,
  );
  Object.assign(tfjs, replaced);
  try {
    return work(backend);
  } finally {
    for (const [name, descriptor] of before)
      if (descriptor) Object.defineProperty(tfjs, name, descriptor);
      else delete tfjs[name];
  }
}

function replacements(tfjs: TfjsEngine, backend: TracingBackend): Record<string, unknown> {
  const tensorOf = ({ shape, dtype, dataId }: TensorInfo) =>
    new Tensor(shape, dtype, dataId, tfjs.nextTensorId());
  return {
    backendName: 'hefl-tracing',
    backendInstance: backend,
    runKernel(kernelName: string, inputs: Inputs, attrs: object = {}) {
      const result = backend.record(kernelName, inputs, attrs);
      const outputs = Array.isArray(result) ? result.map(tensorOf) : [tensorOf(result)];
      if (tfjs.state.gradientDepth > 0 && tfjs.state.kernelDepth === 0) {
        const kept = tfjs.getTensorsForGradient(kernelName, inputs, outputs);
        const saved = tfjs.saveTensorsForBackwardMode(kept);
        tfjs.addTapeNode(kernelName, inputs, outputs, null, saved, attrs);
      }
      return Array.isArray(result) ? outputs : outputs[0];
    },
    // The same tensor to the tape; freeing it leaves the original usable.
    clone: ({ shape, dtype, dataId, id }: Tensor) => new Tensor(shape, dtype, dataId, id),
    tidy: (name: unknown, work?: () => unknown) => (work ?? (name as () => unknown))(),
    startScope: nothing,
    endScope: nothing,
    trackTensor: nothing,
    disposeTensor: nothing,
    readSync: () => backend.readSync(),
    read: () => backend.read(),
  };
}

const nothing = () => undefined;
