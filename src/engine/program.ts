import type { Tensor } from '@tensorflow/tfjs-core';

/** A tensor's value outside the engine: numbers in row-major order, with their shape. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** What a program is compiled for: the shape and type of one argument. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** What one step of a program reads. */
export interface StepArguments {
  /** Values the previous step left behind (weights, optimizer moments, a dummy image …). */
  readonly state: readonly Tensor[];
  /** The same in every step (a data set, a target gradient, a mask …). */
  readonly constants: readonly Tensor[];
  /** This step's own (a batch, a learning rate …). */
  readonly perStep: readonly Tensor[];
}

/** What one step makes of it. */
export interface StepResult {
  readonly state: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/**
 * One iteration of a hot loop, written once in tfjs operations (`tf.grad` nested to any order
 * included): local training, a mask gradient, an inversion iteration.
 *
 * The step must be a pure function with static shapes: it reads no tensor's data, draws no random
 * numbers and closes over no tensor (pass noise and tensors as arguments). How often it is called means
 * nothing: compiled, several times before the first run and never after; eagerly, once per step.
 */
export interface ProgramDefinition {
  /** Names the program in messages and benchmarks, e.g. `lenet-5/sgd-step`. */
  readonly name: string;
  readonly state: readonly TensorSpec[];
  readonly constants: readonly TensorSpec[];
  /** Shapes of one step's arguments, without the leading step axis. */
  readonly perStep: readonly TensorSpec[];
  /** Returns the next state (same shapes as `state`) and this step's outputs (losses …). */
  step(args: StepArguments): StepResult;
}

export interface RunArguments {
  readonly steps: number;
  readonly state: readonly NdArray[];
  readonly constants?: readonly NdArray[];
  /** Each with a leading axis of length `steps`. */
  readonly perStep?: readonly NdArray[];
  /** Gives the run up between two of its steps. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly state: readonly NdArray[];
  /** Each with a leading axis of length `steps`. */
  readonly outputs: readonly NdArray[];
}

/** A step made ready to run many times on one engine. */
export interface Program {
  readonly definition: ProgramDefinition;
  /**
   * Runs `steps` steps in a row; bitwise the same as that many runs of one step. The arguments stay
   * the caller's, and must not change meanwhile.
   * @throws {TypeError} naming the argument whose shape or type is not the compiled one.
   * @throws the signal's reason, when the run was given up.
   */
  run(args: RunArguments): Promise<RunResult>;
  dispose(): void;
}

/** How tensor programs are executed here; chosen once per process (`hefl doctor` tells why). */
export interface Engine {
  /** `compiled` runs on ONNX Runtime; the others run tfjs eagerly on that backend. */
  readonly id: 'compiled' | 'tfjs-node-gpu' | 'tfjs-node' | 'wasm' | 'cpu';
  /** Why this one was chosen, in a sentence. */
  readonly reason: string;
  /** Runs that proceed side by side; more wait for each other. */
  readonly width: number;
  /** The greatest width it makes sense to give it: the machine's cores; 1 without workers. */
  readonly maxWidth: number;
  /** From now on as many runs side by side as `cores`, where the engine has workers for them. */
  useCores(cores: number): void;
  compile(definition: ProgramDefinition): Promise<Program>;
}
