import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { explainedFailure } from '../out-of-memory.ts';
import type { NdArray, RunResult } from '../program.ts';
import { UntraceableOperation } from './errors.ts';
import { finalName, outputName, STEP_COUNT } from './loop-names.ts';

export type OnnxRuntime = typeof import('onnxruntime-node');

/** Where programs run. */
export type Device = 'cpu' | 'cuda';

export interface SessionOptions {
  readonly device: Device;
  /** Threads inside one operation; results are bitwise repeatable at a fixed number. */
  readonly intraOpNumThreads: number;
  /**
   * How long one call into the runtime, which blocks its thread, should last, in ms; longer for large
   * states.
   */
  readonly chunkMilliseconds: number;
}

/** A compiled model with what it takes to run it; can be sent to another thread. */
export interface LoopSource {
  /** Of the program, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Inputs that some operation reads; the others must not be passed. */
  readonly inputs: ReadonlySet<string>;
  /** Numbers in the state. */
  readonly stateSize: number;
}

/** Arguments that have been checked. */
export interface LoopArguments {
  readonly steps: number;
  readonly state: readonly NdArray[];
  readonly constants: readonly NdArray[];
  readonly perStep: readonly NdArray[];
}

/** The run was given up between two calls into the runtime. */
export class RunCancelled extends Error {}

/**
 * State is copied in and out of every call: about 6 ms per million numbers (measured on states of 11 and
 * 14 M). Calls last fifty times that, so that large models lose a fiftieth; a run of ResNet-18 can be
 * given up every three seconds then.
 */
const COPY_AMORTIZED_PER_MILLION = 300;

/** A model in a session of ONNX Runtime, in the thread that opened it. */
export class LoopRunner {
  readonly #runtime: OnnxRuntime;
  readonly #session: InferenceSession;
  readonly #source: Omit<LoopSource, 'bytes'>;
  /** How long one call should last, in ms. */
  readonly #callMilliseconds: number;
  /** Steps per call, adapted to the measured time of a step. */
  #chunk = 1;

  private constructor(
    runtime: OnnxRuntime,
    session: InferenceSession,
    { name, inputs, stateSize }: LoopSource,
    { chunkMilliseconds }: SessionOptions,
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#source = { name, inputs, stateSize };
    this.#callMilliseconds = Math.max(
      chunkMilliseconds,
      (stateSize / 1e6) * COPY_AMORTIZED_PER_MILLION,
    );
  }

  /** @throws {UntraceableOperation} when the runtime lacks an operation for the types it is used with. */
  static async open(
    runtime: OnnxRuntime,
    source: LoopSource,
    options: SessionOptions,
  ): Promise<LoopRunner> {
    return new LoopRunner(runtime, await openSession(runtime, source, options), source, options);
  }

  /**
   * Runs all steps, some per call.
   *
   * @param isCancelled asked before every call
   * @throws {RunCancelled}
   */
  async run(args: LoopArguments, isCancelled: () => boolean): Promise<RunResult> {
    const { steps, constants, perStep } = args;
    let state = args.state.map((array) => this.#toTensor(array));
    const fixed = constants.map((array) => this.#toTensor(array));
    const parts: OrtTensor[][] = [];
    for (let from = 0; from < steps; ) {
      if (isCancelled()) throw new RunCancelled(`${this.#source.name} was cancelled`);
      const count = Math.min(this.#chunk, steps - from);
      const feeds: Record<string, OrtTensor> = {};
      const feed = (name: string, tensor: OrtTensor) => {
        if (this.#source.inputs.has(name)) feeds[name] = tensor;
      };
      feed(STEP_COUNT, new this.#runtime.Tensor('int64', BigInt64Array.of(BigInt(count)), []));
      state.forEach((tensor, at) => {
        feed(`initial_state_${at}`, tensor);
      });
      fixed.forEach((tensor, at) => {
        feed(`constant_${at}`, tensor);
      });
      perStep.forEach((array, at) => {
        feed(`per_step_${at}`, this.#toTensor(stepsOf(array, from, count)));
      });
      // The runtime yields to the event loop before every call.
      const started = performance.now();
      const results = await this.#call(feeds);
      this.#adaptChunk(count, performance.now() - started);
      state = state.map((_, at) => results[finalName(at)] as OrtTensor);
      const outputCount = this.#session.outputNames.length - state.length;
      parts.push(
        Array.from({ length: outputCount }, (_, at) => results[outputName(at)] as OrtTensor),
      );
      from += count;
    }
    return {
      state: state.map(toNdArray),
      outputs: (parts[0] ?? []).map((_, at) =>
        joined(parts.map((part) => toNdArray(part[at] as OrtTensor))),
      ),
    };
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  async #call(feeds: Record<string, OrtTensor>) {
    try {
      return await this.#session.run(feeds);
    } catch (error) {
      throw explainedFailure(this.#source.name, error as Error);
    }
  }

  #adaptChunk(count: number, milliseconds: number): void {
    const fitting = Math.floor((count * this.#callMilliseconds) / milliseconds);
    // Grows at most fourfold at once: the first calls also pay for warming up.
    this.#chunk = Math.max(1, Math.min(fitting, 4 * this.#chunk));
  }

  #toTensor({ data, shape }: NdArray): OrtTensor {
    return data instanceof Float32Array
      ? new this.#runtime.Tensor('float32', data, shape)
      : new this.#runtime.Tensor('int32', data, shape);
  }
}

async function openSession(
  runtime: OnnxRuntime,
  { bytes, name }: LoopSource,
  { device, intraOpNumThreads }: SessionOptions,
): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(bytes, {
      executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
      intraOpNumThreads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Values carry their layout while tracing; pushing transpositions around undoes that. Measured: the
      // second of these joins two fast exchanges of axes into one that takes ten times as long.
      extra: {
        optimization: {
          disable_specified_optimizers:
            'TransposeOptimizer;TransposeOptimizer_CPUExecutionProvider',
        },
      },
      // Only errors: warnings are about optimizations not taken.
      logSeverityLevel: 3,
    });
  } catch (error) {
    const { message } = error as Error;
    const operation = /implementation for (\w+)/.exec(message)?.[1];
    if (!operation) throw explainedFailure(name, error as Error);
    throw new UntraceableOperation(
      name,
      operation,
      `ONNX Runtime can't run its model (${message})`,
      '',
    );
  }
}

function stepsOf({ shape, data }: NdArray, from: number, count: number): NdArray {
  const [steps = 1, ...rest] = shape;
  const size = data.length / steps;
  return { shape: [count, ...rest], data: data.subarray(from * size, (from + count) * size) };
}

const toNdArray = (tensor: OrtTensor): NdArray => ({
  shape: tensor.dims,
  data: tensor.data as Float32Array | Int32Array,
});

/** Stacks the chunks of one output. */
function joined(chunks: readonly NdArray[]): NdArray {
  const [first] = chunks;
  if (!first) throw new RangeError('there is nothing to stack');
  if (chunks.length === 1) return first;
  const steps = chunks.reduce((total, { shape }) => total + (shape[0] as number), 0);
  const size = chunks.reduce((total, { data }) => total + data.length, 0);
  const data = first.data instanceof Float32Array ? new Float32Array(size) : new Int32Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    data.set(chunk.data, offset);
    offset += chunk.data.length;
  }
  return { shape: [steps, ...first.shape.slice(1)], data };
}
