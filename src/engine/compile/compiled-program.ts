import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { NdArray, Program, ProgramDefinition, RunArguments, RunResult } from '../program.ts';
import { checkArguments } from '../program-checks.ts';
import { UntraceableOperation } from './errors.ts';
import { finalName, type LoopModel, outputName, STEP_COUNT } from './loop.ts';

export type OnnxRuntime = typeof import('onnxruntime-node');

export interface SessionOptions {
  /** Threads inside one operation; results are bitwise repeatable at a fixed number. */
  readonly intraOpNumThreads: number;
  /**
   * How long one call into the runtime, which blocks the event loop, should last, in ms; longer for
   * large states.
   */
  readonly chunkMilliseconds: number;
}

/**
 * Loads the model of a program.
 *
 * @throws {UntraceableOperation} when the runtime lacks an operation for the types it is used with.
 */
export async function openSession(
  runtime: OnnxRuntime,
  model: LoopModel,
  program: string,
  { intraOpNumThreads }: SessionOptions,
): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(model.bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Only errors: warnings are about optimizations not taken.
      logSeverityLevel: 3,
    });
  } catch (error) {
    const { message } = error as Error;
    const operation = /implementation for (\w+)/.exec(message)?.[1];
    if (!operation) throw error;
    const reason = `ONNX Runtime can't run its model (${message})`;
    throw new UntraceableOperation(program, operation, reason, '');
  }
}

/**
 * State is copied in and out of every call: about 3 ms per million numbers (measured on a 14 M
 * state). Calls last ten times that, so that large models lose a tenth.
 */
const COPY_AMORTIZED_PER_MILLION = 30;

/** A step compiled into a loop that ONNX Runtime runs. */
export class CompiledProgram implements Program {
  readonly definition: ProgramDefinition;
  readonly #runtime: OnnxRuntime;
  readonly #session: InferenceSession;
  readonly #model: LoopModel;
  #disposed = false;
  /** How long one call should last, in ms. */
  readonly #callMilliseconds: number;
  /** Steps per call, adapted to the measured time of a step. */
  #chunk = 1;

  constructor(
    definition: ProgramDefinition,
    runtime: OnnxRuntime,
    session: InferenceSession,
    model: LoopModel,
    options: SessionOptions,
  ) {
    this.definition = definition;
    this.#runtime = runtime;
    this.#session = session;
    this.#model = model;
    const stateSize = definition.state.reduce(
      (total, { shape }) => total + shape.reduce((product, length) => product * length, 1),
      0,
    );
    this.#callMilliseconds = Math.max(
      options.chunkMilliseconds,
      (stateSize / 1e6) * COPY_AMORTIZED_PER_MILLION,
    );
  }

  async run(args: RunArguments): Promise<RunResult> {
    const { steps } = args;
    if (this.#disposed) throw new Error(`The program ${this.definition.name} has been disposed.`);
    checkArguments(this.definition, args);
    const constants = args.constants ?? [];
    const perStep = args.perStep ?? [];

    let state = args.state.map((array) => this.#toTensor(array));
    const fixed = constants.map((array) => this.#toTensor(array));
    const parts: OrtTensor[][] = [];
    for (let from = 0; from < steps; ) {
      const count = Math.min(this.#chunk, steps - from);
      const feeds: Record<string, OrtTensor> = {};
      const feed = (name: string, tensor: OrtTensor) => {
        if (this.#model.inputs.has(name)) feeds[name] = tensor;
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
      const results = await this.#session.run(feeds);
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

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#session.release();
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
