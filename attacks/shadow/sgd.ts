import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import { takeSamples } from '../../src/data/samples.ts';
import type {
  Engine,
  NdArray,
  Program,
  ProgramDefinition,
  TensorSpec,
} from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { Model } from '../../src/models/model.ts';
import { pulledTowards, trainingEffect, withMovedBuffers } from '../../src/models/training-step.ts';

/**
 * w ← w − η∇L(w; batch), then FedProx's pull to where the training started, if there is one; buffers
 * take the values the training pass gives them.
 * State: parameters. Constants: η; with FedProx the start. Per step: inputs and labels of the batch.
 */
function sgdStep(model: Model, batchSize: number, proximal: number): ProgramDefinition {
  const parameters = model.layout.entries.map(
    ({ shape }): TensorSpec => ({ shape, dtype: 'float32' }),
  );
  return {
    name: `${model.id}/shadow-sgd`,
    state: parameters,
    constants: [{ shape: [], dtype: 'float32' }, ...(proximal > 0 ? parameters : [])],
    perStep: [
      { shape: [batchSize, ...model.inputShape], dtype: 'float32' },
      { shape: [batchSize], dtype: 'int32' },
    ],
    step({ state, constants, perStep }) {
      const [rate, ...start] = constants as [Tensor, ...Tensor[]];
      const [inputs, labels] = perStep as [Tensor, Tensor];
      const targets = tf.div(tf.oneHot(labels, model.classes), batchSize);
      const { gradients, buffers } = trainingEffect(model, state, inputs, targets);
      const stepped = state.map((weights, at) => {
        const gradient = gradients[at];
        return gradient ? tf.sub(weights, tf.mul(gradient, rate)) : weights;
      });
      const pulled =
        proximal > 0 ? pulledTowards(model, start, stepped, tf.mul(rate, proximal)) : stepped;
      return { state: withMovedBuffers(model, pulled, buffers), outputs: [] };
    },
  };
}

export interface TrainingJob {
  readonly start: Float32Array;
  readonly samples: LabelledSamples;
  readonly epochs: number;
  readonly learningRate: number;
  readonly random: RandomStream;
  readonly signal: AbortSignal;
  /** Told after every epoch. */
  readonly progress?: (epochs: number) => void;
}

/** Trains models of one architecture by SGD, all with the one program compiled for the batch size. */
export class SgdTrainer {
  readonly #model: Model;
  readonly #batchSize: number;
  readonly #proximal: number;
  readonly #program: Program;

  private constructor(model: Model, batchSize: number, proximal: number, program: Program) {
    this.#model = model;
    this.#batchSize = batchSize;
    this.#proximal = proximal;
    this.#program = program;
  }

  /** @param proximal μ of FedProx, for models trained as a client's are in one round; 0: plain SGD */
  static async open(
    model: Model,
    engine: Engine,
    batchSize: number,
    proximal = 0,
  ): Promise<SgdTrainer> {
    const program = await engine.compile(sgdStep(model, batchSize, proximal));
    return new SgdTrainer(model, batchSize, proximal, program);
  }

  /**
   * Parameters after `epochs` passes over the samples; each pass in a new random order, its last
   * incomplete batch left out.
   *
   * @throws {Error} when the weights are no numbers any more.
   */
  async train(job: TrainingJob): Promise<Float32Array> {
    const { start, samples, epochs, learningRate, random, signal, progress } = job;
    const { layout, inputShape, id } = this.#model;
    const batchSize = this.#batchSize;
    const steps = Math.floor(samples.count / batchSize);
    const constants: NdArray[] = [
      { shape: [], data: Float32Array.of(learningRate) },
      ...(this.#proximal > 0 ? layout.split(start) : []),
    ];
    let state: readonly NdArray[] = layout.split(start);
    for (let epoch = 0; epoch < epochs; epoch++) {
      signal.throwIfAborted();
      const order = random.derive('order', epoch).permutation(samples.count);
      const batches = takeSamples(samples, order.subarray(0, steps * batchSize));
      const perStep: NdArray[] = [
        { shape: [steps, batchSize, ...inputShape], data: batches.inputs },
        { shape: [steps, batchSize], data: batches.labels },
      ];
      ({ state } = await this.#program.run({ steps, state, constants, perStep, signal }));
      progress?.(epoch + 1);
    }
    const trained = layout.join(state);
    if (!trained.every(Number.isFinite))
      throw new Error(
        `The attacker's own ${id} diverged at learning rate ${learningRate}; set the attack's learningRate lower.`,
      );
    return trained;
  }

  close(): void {
    this.#program.dispose();
  }
}
