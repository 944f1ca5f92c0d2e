import type { LabelledSamples } from '../data/dataset.ts';
import { sampleSize } from '../data/samples.ts';
import type { Engine, NdArray, Program } from '../engine/program.ts';
import type { RandomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';
import { dealBatches } from './batches.ts';
import { DpSgd, type DpSgdSettings } from './dp-sgd.ts';
import { keptPerModel } from './kept-per-model.ts';
import { MicroBatchedSgd, microBatchSize } from './micro-batches.ts';
import { gradientSum, predictLogits, proximalSgdStep, sgdStep } from './programs.ts';

/** Training that ended in weights that are no numbers. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
}

/** What a client trains on, and how long. */
export interface LocalTask {
  /** w_{t-1}, [N]. */
  readonly start: Float32Array;
  readonly samples: LabelledSamples;
  readonly epochs: number;
  readonly learningRate: number;
  /** μ of FedProx's proximal term μ/2 ‖w − w_{t-1}‖²; absent or 0: none. */
  readonly proximal?: number;
  /** Trains by DP-SGD instead. */
  readonly dpSgd?: DpSgdSettings;
  /** Shuffles each epoch; draws the batches and the noise of DP-SGD. */
  readonly random: RandomStream;
  readonly signal: AbortSignal;
}

/** A client's computations on one model, with one compiled program each per batch size. */
export interface LocalTraining {
  /**
   * `epochs` epochs of SGD over the local set in shuffled batches; the last batch of an epoch may be
   * smaller, its loss is the mean over what it has. DP-SGD makes as many steps, on batches sampled
   * anew. Gives w_t^k, [N].
   * @throws {DivergenceError} when a weight is no longer finite.
   */
  train(task: LocalTask): Promise<Float32Array>;
  /** ∇L(w, D): gradient of the mean cross-entropy over all samples, [N]; 0 at buffers. */
  gradient(weights: Float32Array, samples: LabelledSamples): Promise<Float32Array>;
  /** Share of samples classified right, 0 … 1. */
  accuracy(weights: Float32Array, samples: LabelledSamples, signal: AbortSignal): Promise<number>;
}

/** Samples per evaluation step, and steps per run: an abort takes effect between runs. */
const EVALUATION_BATCH = 100;
const EVALUATION_STEPS = 20;

class CompiledTraining implements LocalTraining {
  readonly #engine: Engine;
  readonly #model: Model;
  readonly #batchSize: number;
  /** Fewer than the batch size where a batch at once would take too much memory. */
  readonly #microBatch: number;
  #sgd?: Promise<Program>;
  #proximal?: Promise<Program>;
  #dpSgd?: DpSgd;
  #microBatched?: MicroBatchedSgd;
  #gradient?: Promise<Program>;
  #logits?: Promise<Program>;

  constructor(engine: Engine, model: Model, batchSize: number) {
    this.#engine = engine;
    this.#model = model;
    this.#batchSize = batchSize;
    this.#microBatch = model.trainingPass ? batchSize : microBatchSize(model, batchSize);
  }

  async train(task: LocalTask) {
    const trained = task.dpSgd
      ? await this.#trainPrivately(task, task.dpSgd)
      : await this.#descend(task);
    const broken = trained.findIndex((weight) => !Number.isFinite(weight));
    if (broken >= 0)
      throw new DivergenceError(
        `Training diverged: after ${task.epochs} local epochs a weight of ${this.#model.id} is ${trained[broken]}. Use a lower federation.learningRate than ${task.learningRate}.`,
      );
    return trained;
  }

  async #descend(task: LocalTask): Promise<Float32Array> {
    const { start, samples, epochs, learningRate, proximal = 0, random, signal } = task;
    const { layout, classes } = this.#model;
    if (this.#microBatch < this.#batchSize) return this.#descendInParts({ ...task, proximal });
    const program = await this.#stepProgram(proximal);
    const constants = [scalar(learningRate)];
    if (proximal > 0) constants.push(scalar(proximal), ...layout.split(start));
    let state: readonly NdArray[] = layout.split(start);
    // One run per epoch: the batches of all epochs at once would multiply the memory.
    for (let epoch = 0; epoch < epochs; epoch++) {
      signal.throwIfAborted();
      const order = random.derive('epoch', epoch).permutation(samples.count);
      const { steps, inputs, targets } = dealBatches(
        samples,
        order,
        this.#batchSize,
        classes,
        (inBatch) => 1 / inBatch,
      );
      ({ state } = await program.run({ steps, state, constants, perStep: [inputs, targets] }));
    }
    return layout.join(state);
  }

  async #descendInParts(task: LocalTask & { readonly proximal: number }): Promise<Float32Array> {
    this.#microBatched ??= new MicroBatchedSgd(
      ...([this.#engine, this.#model, this.#batchSize, this.#microBatch] as const),
    );
    let weights = task.start;
    for (let epoch = 0; epoch < task.epochs; epoch++) {
      const order = task.random.derive('epoch', epoch).permutation(task.samples.count);
      weights = await this.#microBatched.epoch(weights, order, task);
    }
    return weights;
  }

  #stepProgram(proximal: number): Promise<Program> {
    if (proximal > 0)
      this.#proximal ??= this.#engine.compile(proximalSgdStep(this.#model, this.#batchSize));
    else this.#sgd ??= this.#engine.compile(sgdStep(this.#model, this.#batchSize));
    return (proximal > 0 ? this.#proximal : this.#sgd) as Promise<Program>;
  }

  #trainPrivately(task: LocalTask, settings: DpSgdSettings): Promise<Float32Array> {
    this.#dpSgd ??= new DpSgd(this.#engine, this.#model);
    const steps = task.epochs * Math.ceil(task.samples.count / this.#batchSize);
    const { proximal = 0 } = task;
    return this.#dpSgd.train({ ...task, steps, batchSize: this.#batchSize, proximal }, settings);
  }

  async gradient(weights: Float32Array, samples: LabelledSamples) {
    const { layout, classes } = this.#model;
    this.#gradient ??= this.#engine.compile(gradientSum(this.#model, this.#microBatch));
    const program = await this.#gradient;
    const order = Uint32Array.from({ length: samples.count }, (_, at) => at);
    const { steps, inputs, targets } = dealBatches(
      samples,
      order,
      this.#microBatch,
      classes,
      () => 1 / samples.count,
    );
    const { state } = await program.run({
      steps,
      state: layout.split(new Float32Array(layout.size)),
      constants: layout.split(weights),
      perStep: [inputs, targets],
    });
    return layout.join(state);
  }

  async accuracy(weights: Float32Array, samples: LabelledSamples, signal: AbortSignal) {
    const { layout, classes } = this.#model;
    this.#logits ??= this.#engine.compile(predictLogits(this.#model, EVALUATION_BATCH));
    const program = await this.#logits;
    const constants = layout.split(weights);
    const size = sampleSize(samples.inputShape);
    const perRun = EVALUATION_BATCH * EVALUATION_STEPS;
    let right = 0;
    for (let first = 0; first < samples.count; first += perRun) {
      signal.throwIfAborted();
      const count = Math.min(perRun, samples.count - first);
      const steps = Math.ceil(count / EVALUATION_BATCH);
      const inputs = new Float32Array(steps * EVALUATION_BATCH * size);
      inputs.set(samples.inputs.subarray(first * size, (first + count) * size));
      const shape = [steps, EVALUATION_BATCH, ...samples.inputShape];
      const result = await program.run({
        steps,
        state: [],
        constants,
        perStep: [{ shape, data: inputs }],
      });
      const [logits] = result.outputs;
      if (!logits) throw new TypeError(`${program.definition.name} gave no logits`);
      for (let at = 0; at < count; at++)
        if (largestOf(logits.data, at * classes, classes) === samples.labels[first + at]) right++;
    }
    return right / samples.count;
  }
}

function scalar(value: number): NdArray {
  return { shape: [], data: Float32Array.of(value) };
}

/** Position of the first largest of `length` values from `offset` on. */
function largestOf(values: ArrayLike<number>, offset: number, length: number): number {
  let best = 0;
  for (let at = 1; at < length; at++)
    if ((values[offset + at] as number) > (values[offset + best] as number)) best = at;
  return best;
}

/** The computations of (model, batch size) on an engine; programs are compiled at first use and kept. */
export const localTraining: (engine: Engine, model: Model, batchSize: number) => LocalTraining =
  keptPerModel((engine, model, batchSize) => new CompiledTraining(engine, model, batchSize));
