import type { LabelledSamples } from '../data/dataset.ts';
import type { Engine, Program, ProgramDefinition } from '../engine/program.ts';
import type { Model } from '../models/model.ts';
import { dealBatches } from './batches.ts';
import { keptPerModel } from './kept-per-model.ts';
import { localTraining } from './local-training.ts';
import {
  absoluteGradientSum,
  hessianProductSum,
  lossSum,
  sensitivitySum,
} from './sample-programs.ts';

/**
 * What clients compute on their own full local set besides training, at weights [N]; every vector is
 * [N] and 0 at buffers. Each sample is taken for itself: batch norm uses its running statistics.
 */
export interface ClientComputations {
  /** ∇L(w, D), of the mean cross-entropy. */
  gradient(weights: Float32Array, samples: LabelledSamples): Promise<Float32Array>;
  /** Mean over the samples of |∂ℓ_k/∂w_m|. */
  meanAbsoluteGradient(weights: Float32Array, samples: LabelledSamples): Promise<Float32Array>;
  /**
   * S_m = 1/K Σ_k |∂/∂y_k (∂ℓ/∂w_m)| at the true class (FedML-HE 2023, sensitivity map). Cross-entropy is linear in y, so that it equals {@link meanAbsoluteGradient}.
   */
  sensitivity(weights: Float32Array, samples: LabelledSamples): Promise<Float32Array>;
  /** H·g, with H the Hessian and g the gradient of the mean cross-entropy (GraSP 2020, eq. 8). */
  hessianGradient(weights: Float32Array, samples: LabelledSamples): Promise<Float32Array>;
  /** L(w, D), the mean cross-entropy. */
  loss(weights: Float32Array, samples: LabelledSamples): Promise<number>;
}

class CompiledComputations implements ClientComputations {
  readonly #engine: Engine;
  readonly #model: Model;
  readonly #batchSize: number;
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(engine: Engine, model: Model, batchSize: number) {
    this.#engine = engine;
    this.#model = model;
    this.#batchSize = batchSize;
  }

  gradient(weights: Float32Array, samples: LabelledSamples) {
    return localTraining(this.#engine, this.#model, this.#batchSize).gradient(weights, samples);
  }

  meanAbsoluteGradient(weights: Float32Array, samples: LabelledSamples) {
    return this.#meanOverSamples(absoluteGradientSum(this.#model), weights, samples);
  }

  sensitivity(weights: Float32Array, samples: LabelledSamples) {
    return this.#meanOverSamples(sensitivitySum(this.#model), weights, samples);
  }

  async hessianGradient(weights: Float32Array, samples: LabelledSamples) {
    const { layout } = this.#model;
    const gradient = await this.gradient(weights, samples);
    const program = await this.#program(hessianProductSum(this.#model, this.#batchSize));
    const { steps, inputs, targets } = this.#batches(samples, this.#batchSize, 1 / samples.count);
    const { state } = await program.run({
      steps,
      state: layout.split(new Float32Array(layout.size)),
      constants: [...layout.split(weights), ...layout.split(gradient)],
      perStep: [inputs, targets],
    });
    return layout.join(state);
  }

  async loss(weights: Float32Array, samples: LabelledSamples) {
    const program = await this.#program(lossSum(this.#model, this.#batchSize));
    const { steps, inputs, targets } = this.#batches(samples, this.#batchSize, 1 / samples.count);
    const { state } = await program.run({
      steps,
      state: [{ shape: [], data: new Float32Array(1) }],
      constants: this.#model.layout.split(weights),
      perStep: [inputs, targets],
    });
    return state[0]?.data[0] as number;
  }

  async #meanOverSamples(
    definition: ProgramDefinition,
    weights: Float32Array,
    samples: LabelledSamples,
  ): Promise<Float32Array> {
    const { layout } = this.#model;
    const program = await this.#program(definition);
    const { steps, inputs, targets } = this.#batches(samples, 1, 1);
    const { state } = await program.run({
      steps,
      state: layout.split(new Float32Array(layout.size)),
      constants: layout.split(weights),
      perStep: [inputs, targets],
    });
    return layout.join(state).map((sum) => sum / samples.count);
  }

  #batches(samples: LabelledSamples, batchSize: number, weight: number) {
    const order = Uint32Array.from({ length: samples.count }, (_, at) => at);
    return dealBatches(samples, order, batchSize, this.#model.classes, () => weight);
  }

  #program(definition: ProgramDefinition): Promise<Program> {
    const program = this.#programs.get(definition.name) ?? this.#engine.compile(definition);
    this.#programs.set(definition.name, program);
    return program;
  }
}

/** The computations of (model, batch size) on an engine; programs are compiled at first use and kept. */
export const clientComputations: (
  engine: Engine,
  model: Model,
  batchSize: number,
) => ClientComputations = keptPerModel(
  (engine, model, batchSize) => new CompiledComputations(engine, model, batchSize),
);
