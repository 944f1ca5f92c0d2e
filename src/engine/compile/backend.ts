import {
  type BackendValues,
  type DataId,
  type DataType,
  getBackend,
  KernelBackend,
  registerBackend,
  registerKernel,
  removeBackend,
  setBackend,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { Graph } from './graph.ts';
import { kernels } from './kernels/index.ts';
import { type Kernel, UnsupportedCall } from './kernels/kernel.ts';
import { elementType, plain, splat, type Value } from './value.ts';

const TRACING_BACKEND = 'hefl-tracing';

/** Why a kernel call was refused, before the step's name and line are known. */
export class RefusedCall extends Error {
  readonly operation: string;
  readonly isImpure: boolean;

  constructor(operation: string, reason: string, isImpure: boolean) {
    super(reason);
    this.operation = operation;
    this.isImpure = isImpure;
  }
}

/** What a kernel was called with makes no sense on any engine: shapes that don't fit, say. */
export class FailedCall extends Error {
  readonly operation: string;

  constructor(operation: string, cause: Error) {
    super(cause.message, { cause });
    this.operation = operation;
  }
}

/** What tfjs takes for a tensor's data: the value it stands for, in the graph being recorded. */
class SymbolicData {
  readonly graph: Graph;
  readonly value: Value;
  /** Tensors that share it. */
  references = 1;

  constructor(graph: Graph, value: Value) {
    this.graph = graph;
    this.value = value;
  }
}

/** A tfjs backend whose tensors are symbolic: kernels record what they would compute. */
export class TracingBackend extends KernelBackend {
  graph = new Graph();
  #count = 0;

  /** Forgets what was recorded. */
  start(): Graph {
    this.graph = new Graph();
    return this.graph;
  }

  /** A tensor that stands for a value. */
  hold(value: Value): TensorInfo {
    const dataId = this.#data(value);
    const { type } = value.edge;
    const dtype = type === 'int64' ? 'int32' : type;
    return { dataId, shape: value.shape as number[], dtype };
  }

  /** A tensor that stands for the same value as another: a copy, which tfjs makes of all it saves. */
  share({ dataId, shape, dtype }: TensorInfo): TensorInfo {
    this.incRef(dataId);
    return { dataId, shape, dtype };
  }

  /** @throws {RefusedCall} when the tensor was made before the step was traced. */
  symbolOf(tensor: TensorInfo, operation: string): Value {
    const { dataId } = tensor;
    if (!this.#isKnown(dataId))
      throw new RefusedCall(
        operation,
        'it uses a tensor made outside the step; pass it as a constant',
        true,
      );
    return dataId.value;
  }

  #data(value: Value): SymbolicData {
    this.#count++;
    return new SymbolicData(this.graph, value);
  }

  /** Whether the data belong to a tensor of this trace. */
  #isKnown(dataId: DataId): dataId is SymbolicData {
    return dataId instanceof SymbolicData && dataId.graph === this.graph;
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    return this.#data(this.#constant(values, shape, dtype));
  }

  #constant(values: BackendValues, shape: readonly number[], dtype: DataType): Value {
    const type = elementType(dtype);
    if (type === 'int64') throw new TypeError('tfjs has no int64');
    const numbers = values as ArrayLike<number>;
    const isSplat = isUniform(numbers);
    const data = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[type].from(
      isSplat ? [Number(numbers[0])] : numbers,
    );
    if (isSplat) return splat(this.graph.constant(type, [], data), shape);
    return plain(this.graph.constant(type, shape, data));
  }

  override readSync(dataId: DataId): never {
    throw new RefusedCall(
      'dataSync',
      this.#isKnown(dataId)
        ? "it reads a tensor's numbers, which are not known before the program runs"
        : 'it reads a tensor made outside the step',
      true,
    );
  }
  override async read(dataId: DataId): Promise<never> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: DataId): boolean {
    if (dataId instanceof SymbolicData && --dataId.references > 0) return false;
    this.#count--;
    return true;
  }
  override numDataIds(): number {
    return this.#count;
  }
  override refCount(dataId: DataId): number {
    return dataId instanceof SymbolicData ? dataId.references : 0;
  }
  override incRef(dataId: DataId): void {
    if (dataId instanceof SymbolicData) dataId.references++;
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override timerAvailable(): boolean {
    return false;
  }
  override memory() {
    return { unreliable: true };
  }
  override dispose(): void {}
}

let registered: TracingBackend | undefined;

/** The one tracing backend of this process, with its kernels registered in tfjs. */
function tracingBackend(): TracingBackend {
  if (registered) return registered;
  const backend = new TracingBackend();
  for (const [kernelName, kernel] of Object.entries(kernels))
    registerKernel({
      kernelName,
      backendName: TRACING_BACKEND,
      kernelFunc: ({ inputs, attrs }) =>
        record(backend, kernelName, kernel, inputs ?? {}, attrs ?? {}),
    });
  registered = backend;
  return backend;
}

/** Runs `work` with the tracing backend as tfjs's current one; it is unknown to tfjs otherwise. */
export function onTracingBackend<T>(work: (backend: TracingBackend) => T): T {
  const backend = tracingBackend();
  const before = getBackend() as string | undefined;
  registerBackend(TRACING_BACKEND, () => backend);
  try {
    // Changing between started backends is synchronous, whatever the signature says.
    void setBackend(TRACING_BACKEND);
    return work(backend);
  } finally {
    if (before) void setBackend(before);
    removeBackend(TRACING_BACKEND);
  }
}

function record(
  backend: TracingBackend,
  kernelName: string,
  kernel: Kernel,
  inputs: object,
  attrs: object,
): TensorInfo | TensorInfo[] {
  const given = inputs as Record<string, TensorInfo | undefined>;
  const values: Record<string, Value> = {};
  for (const name of Object.keys(given)) {
    const tensor = given[name];
    if (tensor) values[name] = backend.symbolOf(tensor, kernelName);
  }
  try {
    const results = kernel({
      graph: backend.graph,
      inputs: values,
      attrs: attrs as Record<string, unknown>,
    });
    if (isList(results)) return results.map((value) => backend.hold(value));
    for (const name of Object.keys(values))
      if (values[name] === results) return backend.share(given[name] as TensorInfo);
    return backend.hold(results);
  } catch (error) {
    if (error instanceof UnsupportedCall) throw new RefusedCall(kernelName, error.message, false);
    throw new FailedCall(kernelName, error as Error);
  }
}

/** Whether all numbers are the same; tfjs makes long tensors of ones and zeros. */
function isUniform(numbers: ArrayLike<number>): boolean {
  for (let at = 1; at < numbers.length; at++) if (!Object.is(numbers[at], numbers[0])) return false;
  return numbers.length > 0;
}

const isList = (results: Value | readonly Value[]): results is readonly Value[] =>
  Array.isArray(results);
