import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../data/dataset.ts';
import type { Engine, NdArray, Program, ProgramDefinition } from '../engine/program.ts';
import type { Model } from '../models/model.ts';
import { batchLoss, parameterGradients } from '../models/training-step.ts';
import { dealBatches } from './batches.ts';
import { batchSpecs, parameterSpecs } from './programs.ts';

/** Logits that one step may hold: 32 MiB, and some five times as much with what comes of them. */
const MOST_LOGITS = 2 ** 23;

/**
 * Samples that go through the model at once. A language model has logits at every position: eight
 * sequences of 64 tokens give DistilGPT2 100 MiB of them, and its gradient several times that.
 */
export function microBatchSize(
  { language, inputShape, classes }: Model,
  batchSize: number,
): number {
  const positions = language ? (inputShape[0] as number) : 1;
  return Math.max(1, Math.min(batchSize, Math.floor(MOST_LOGITS / (positions * classes))));
}

/** What a step takes besides the weights; as in `LocalTask`. */
export interface MicroBatchTask {
  readonly start: Float32Array;
  readonly samples: LabelledSamples;
  readonly learningRate: number;
  readonly proximal: number;
  readonly signal: AbortSignal;
}

/**
 * SGD whose steps sum the gradient over parts of a batch: the same steps, up to rounding, in the
 * memory of one part. For models without batch norm.
 */
export class MicroBatchedSgd {
  readonly #engine: Engine;
  readonly #model: Model;
  readonly #batchSize: number;
  readonly #microBatch: number;
  #gradient?: Promise<Program>;

  constructor(engine: Engine, model: Model, batchSize: number, microBatch: number) {
    if (model.trainingPass)
      throw new RangeError(`${model.id} has batch norm, whose batches can't be taken in parts`);
    this.#engine = engine;
    this.#model = model;
    this.#batchSize = batchSize;
    this.#microBatch = microBatch;
  }

  /** One pass over the samples in the given order; gives the new weights, [N]. */
  async epoch(
    weights: Float32Array,
    order: Uint32Array,
    { samples, start, learningRate, proximal, signal }: MicroBatchTask,
  ): Promise<Float32Array> {
    this.#gradient ??= this.#engine.compile(batchGradient(this.#model, this.#microBatch));
    const program = await this.#gradient;
    let current = weights;
    let next: Float32Array = new Float32Array(weights.length);
    for (let first = 0; first < order.length; first += this.#batchSize) {
      const batch = order.subarray(first, first + this.#batchSize);
      next.set(current);
      for (let part = 0; part < batch.length; part += this.#microBatch) {
        signal.throwIfAborted();
        const { inputs, targets } = dealBatches(
          samples,
          batch.subarray(part, part + this.#microBatch),
          this.#microBatch,
          this.#model.classes,
          () => 1 / batch.length,
        );
        const { outputs } = await program.run({
          ...{ steps: 1, state: [], perStep: [inputs, targets] },
          constants: this.#model.layout.split(current),
        });
        this.#subtract(next, learningRate, outputs);
      }
      this.#finish(next, start, learningRate * proximal);
      // Two vectors in turn, as these models are large; the caller keeps its own.
      [current, next] = [next, current === weights ? new Float32Array(weights.length) : current];
    }
    return current;
  }

  #subtract(weights: Float32Array, rate: number, gradients: readonly NdArray[]): void {
    trainedEntries(this.#model).forEach(({ offset, size }, tensor) => {
      const { data } = gradients[tensor] as NdArray;
      for (let at = 0; at < size; at++)
        weights[offset + at] = (weights[offset + at] as number) - rate * (data[at] as number);
    });
  }

  /** FedProx's pull, as in `proximalSgdStep`, and copies of tensors. */
  #finish(weights: Float32Array, start: Float32Array, pull: number): void {
    const { layout, copies = [] } = this.#model;
    if (pull > 0)
      for (const { offset, size } of trainedEntries(this.#model))
        for (let at = offset; at < offset + size; at++)
          weights[at] = ((weights[at] as number) + pull * (start[at] as number)) / (1 + pull);
    for (const { copy, of } of copies) {
      const { offset, size } = layout.entry(of);
      weights.copyWithin(layout.entry(copy).offset, offset, offset + size);
    }
  }
}

const trainedEntries = ({ layout }: Model) =>
  layout.entries.filter(({ kind }) => kind !== 'buffer');

/** ∂L/∂w of one batch. Constants: the parameters. Per step: inputs, targets. Outputs: per trained tensor. */
function batchGradient(model: Model, batchSize: number): ProgramDefinition {
  return {
    name: `${model.id}/batch-gradient`,
    state: [],
    constants: parameterSpecs(model),
    perStep: batchSpecs(model, batchSize),
    step({ constants, perStep: [inputs, targets] }) {
      const loss = batchLoss(model, inputs as Tensor, targets as Tensor);
      const gradients = parameterGradients(model, constants, loss);
      return { state: [], outputs: gradients.filter((one) => one !== undefined) };
    },
  };
}
