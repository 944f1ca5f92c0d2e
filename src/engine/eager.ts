import { setImmediate } from 'node:timers/promises';
import type { Tensor } from '@tensorflow/tfjs-core';
import { explainedFailure } from './out-of-memory.ts';
import type {
  Engine,
  NdArray,
  Program,
  ProgramDefinition,
  RunArguments,
  RunResult,
  TensorSpec,
} from './program.ts';
import { checkArguments, checkStep } from './program-checks.ts';
import { tf } from './tensors.ts';

/** How long steps run before the event loop gets its turn (progress, cancellation), in ms. */
const turnMilliseconds = 25;

/** Runs programs step by step on a backend of tfjs. */
export class EagerEngine implements Engine {
  readonly id: Exclude<Engine['id'], 'compiled'>;
  readonly reason: string;
  readonly width = 1;
  readonly maxWidth = 1;
  readonly #backend: string;

  /**
   * @param backend tfjs's name of a registered backend, `wasm`, `cpu` or `tensorflow`
   */
  constructor(id: EagerEngine['id'], backend: string, reason: string) {
    this.id = id;
    this.reason = reason;
    this.#backend = backend;
  }

  /** Steps run in this thread, whatever cores there are. */
  useCores(): void {}

  async compile(definition: ProgramDefinition): Promise<Program> {
    return new EagerProgram(definition, this.#backend);
  }
}

class EagerProgram implements Program {
  readonly definition: ProgramDefinition;
  readonly #backend: string;
  #disposed = false;

  constructor(definition: ProgramDefinition, backend: string) {
    this.definition = definition;
    this.#backend = backend;
  }

  async run(args: RunArguments): Promise<RunResult> {
    const { definition } = this;
    if (this.#disposed) throw new Error(`${definition.name} is run after it was disposed of`);
    checkArguments(definition, args);
    const { steps, perStep = [], signal } = args;
    await this.#select();
    const constants = upload(args.constants ?? []);
    let state = upload(args.state);
    const outputs: NdArray[] = [];
    try {
      let turn = performance.now();
      for (let step = 0; step < steps; step++) {
        signal?.throwIfAborted();
        const next = this.#step(state, constants, perStep, step);
        if (step === 0) outputs.push(...next.outputs.map((output) => outputRoom(output, steps)));
        next.outputs.forEach((output, at) => {
          const { data } = outputs[at] as NdArray;
          data.set(output.dataSync() as Float32Array, step * output.size);
        });
        const spent = [...state, ...next.outputs];
        state = next.state.map((tensor) => tf.keep(tensor));
        release(spent, [...state, ...constants]);
        if (performance.now() - turn > turnMilliseconds && step + 1 < steps) {
          await setImmediate();
          await this.#select();
          turn = performance.now();
        }
      }
      return { state: state.map((tensor, at) => download(tensor, definition.state[at])), outputs };
    } catch (error) {
      throw error instanceof Error ? explainedFailure(definition.name, error) : error;
    } finally {
      release([...state, ...constants], []);
    }
  }

  dispose(): void {
    this.#disposed = true;
  }

  /** Engines share one tfjs; another one may have been at work meanwhile. */
  async #select(): Promise<void> {
    if (tf.getBackend() !== this.#backend) await tf.setBackend(this.#backend);
  }

  #step(
    state: readonly Tensor[],
    constants: readonly Tensor[],
    perStep: readonly NdArray[],
    step: number,
  ): { state: Tensor[]; outputs: Tensor[] } {
    return tf.tidy(() => {
      const ofThisStep = perStep.map(({ shape: [, ...shape], data }) => {
        const size = shape.reduce((product, length) => product * length, 1);
        return toTensor({ shape, data: data.subarray(step * size, (step + 1) * size) });
      });
      const next = this.definition.step({ state, constants, perStep: ofThisStep });
      checkStep(this.definition, next);
      return { state: [...next.state], outputs: [...next.outputs] };
    });
  }
}

function toTensor({ shape, data }: NdArray): Tensor {
  const dtype = data instanceof Int32Array ? 'int32' : 'float32';
  // The CPU backend keeps the array it is given; the caller's stays the caller's.
  return tf.tensor(data.slice(), [...shape], dtype);
}

function upload(values: readonly NdArray[]): Tensor[] {
  return values.map((value) => tf.keep(toTensor(value)));
}

function download(tensor: Tensor, spec: TensorSpec | undefined): NdArray {
  const data = tensor.dataSync().slice() as NdArray['data'];
  return { shape: spec?.shape ?? tensor.shape, data };
}

function outputRoom({ shape, size, dtype }: Tensor, steps: number): NdArray {
  const room = dtype === 'int32' ? Int32Array : Float32Array;
  return { shape: [steps, ...shape], data: new room(steps * size) };
}

/** Frees tensors, except those that are still wanted. A step may hand on an argument as it is. */
function release(tensors: readonly Tensor[], wanted: readonly Tensor[]): void {
  for (const tensor of new Set(tensors)) if (!wanted.includes(tensor)) tensor.dispose();
}
