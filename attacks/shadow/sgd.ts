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
import { crossEntropy } from '../../src/models/loss.ts';
import type { Model, TrainingPass } from '../../src/models/model.ts';
import { labelledLoss, pulledTowards } from '../../src/models/training-step.ts';

/**
 * w ← w − η∇L(w; batch), then FedProx's pull to where the training started, if there is one; buffers
 * take the values the training pass gives them.
 * State: parameters. Constants: η; with FedProx the start. Per step: inputs and labels of the batch.
 */
function sgdStep(model: Model, batchSize: number, proximal: number): ProgramDefinition {
  const { entries } = model.layout;
  const places = (buffer: boolean) =>
    entries.flatMap(({ kind }, at) => ((kind === 'buffer') === buffer ? [at] : []));
  const [trained, buffered] = [places(false), places(true)];
  const parameters = entries.map(({ shape }): TensorSpec => ({ shape, dtype: 'float32' }));
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
      const next = [...state];
      const loss = (...weights: Tensor[]) => {
        const parameters = [...state];
        trained.forEach((at, index) => {
          parameters[at] = weights[index] as Tensor;
        });
        if (!model.trainingPass) return labelledLoss(model, parameters, inputs, labels);
        const { logits, buffers }: TrainingPass = model.trainingPass(
          parameters,
          inputs,
          tf.ones([batchSize]),
        );
        buffers.forEach((buffer, index) => {
          // What the loss computes is disposed of with it; this is the next state.
          next[buffered[index] as number] = tf.keep(buffer);
        });
        return crossEntropy(logits, labels);
      };
      const gradients = tf.grads(loss)(trained.map((at) => state[at] as Tensor));
      trained.forEach((at, index) => {
        next[at] = tf.sub(state[at] as Tensor, tf.mul(gradients[index] as Tensor, rate));
      });
      const pulled =
        proximal > 0 ? pulledTowards(model, start, next, tf.mul(rate, proximal)) : next;
      return { state: pulled, outputs: [] };
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
