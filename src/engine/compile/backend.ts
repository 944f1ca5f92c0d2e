import {
  type BackendValues,
  type DataId,
  type DataType,
  KernelBackend,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { Graph } from './graph.ts';
import { kernels } from './kernels/index.ts';
import { UnsupportedCall } from './kernels/kernel.ts';
import { elementType, plain, splat, type Value } from './value.ts';

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

  constructor(graph: Graph, value: Value) {
    this.graph = graph;
    this.value = value;
  }
}

/** A tfjs backend whose tensors are symbolic: kernels record what they would compute. */
export class TracingBackend extends KernelBackend {
  readonly graph = new Graph();

  /** A tensor that stands for a value. */
  hold(value: Value): TensorInfo {
    const { type } = value.edge;
    const dtype = type === 'int64' ? 'int32' : type;
    return { dataId: new SymbolicData(this.graph, value), shape: value.shape as number[], dtype };
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

  /**
   * What a kernel returns for its inputs.
   *
   * @throws {RefusedCall} for what this engine can't do.
   * @throws {FailedCall} for what no engine can do.
   */
  record(kernelName: string, inputs: object, attrs: object): TensorInfo | TensorInfo[] {
    const kernel = kernels[kernelName];
    if (!kernel)
      throw new RefusedCall(kernelName, 'the compiled engine has no kernel for it', false);
    const given = inputs as Record<string, TensorInfo | undefined>;
    const values: Record<string, Value> = {};
    for (const name of Object.keys(given)) {
      const tensor = given[name];
      if (tensor) values[name] = this.symbolOf(tensor, kernelName);
    }
    try {
      const call = { graph: this.graph, inputs: values, attrs: attrs as Record<string, unknown> };
      const results = kernel(call);
      return isList(results) ? results.map((value) => this.hold(value)) : this.hold(results);
    } catch (error) {
      if (error instanceof UnsupportedCall) throw new RefusedCall(kernelName, error.message, false);
      throw new FailedCall(kernelName, error as Error);
    }
  }

  /** Whether the data belong to a tensor of this trace. */
  #isKnown(dataId: DataId): dataId is SymbolicData {
    return dataId instanceof SymbolicData && dataId.graph === this.graph;
  }

  /** A tensor of known numbers. */
  constant(values: BackendValues, shape: number[], dtype: DataType = 'float32'): TensorInfo {
    return this.hold(this.#constant(values, shape, dtype));
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
        : 'it reads a tensor made outside the step; pass it as a constant',
      true,
    );
  }
  override async read(dataId: DataId): Promise<never> {
    return this.readSync(dataId);
  }

  override numDataIds(): number {
    return 0;
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
}

/** Whether all numbers are the same; tfjs makes long tensors of ones and zeros. */
function isUniform(numbers: ArrayLike<number>): boolean {
  for (let at = 1; at < numbers.length; at++) if (!Object.is(numbers[at], numbers[0])) return false;
  return numbers.length > 0;
}

const isList = (results: Value | readonly Value[]): results is readonly Value[] =>
  Array.isArray(results);
