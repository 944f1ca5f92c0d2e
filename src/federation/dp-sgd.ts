import type { LabelledSamples } from '../data/dataset.ts';
import type { Engine, NdArray, Program } from '../engine/program.ts';
import type { RandomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';
import { dealBatches } from './batches.ts';
import { clippedGradientSum } from './sample-programs.ts';

/** What DP-SGD does to a batch's gradient. */
export interface DpSgdSettings {
  /** C. */
  readonly clip: number;
  /** σ. */
  readonly noiseMultiplier: number;
}

export interface DpSgdTask {
  readonly start: Float32Array;
  readonly samples: LabelledSamples;
  readonly steps: number;
  /** Expected number of samples in a batch. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** μ of FedProx. */
  readonly proximal: number;
  readonly random: RandomStream;
  readonly signal: AbortSignal;
}

/**
 * DP-SGD: w ← w − η/B (Σ_{k in batch} clip_C(g_k) + N(0, σ²C² I)), every sample in a batch with
 * probability q = B / |D|, independently (Poisson sampling, which the accountant assumes; batches
 * dealt out of a shuffled set would not be accounted for).
 *
 * Source: Abadi et al. 2016, "Deep Learning with Differential Privacy", Algorithm 1.
 */
export class DpSgd {
  readonly #engine: Engine;
  readonly #model: Model;
  #clippedSum?: Promise<Program>;

  /**
   * @throws {RangeError} for models with batch norm, whose samples' gradients depend on each other, and
   *   for models that hold a tensor twice
   */
  constructor(engine: Engine, model: Model) {
    if (model.trainingPass)
      throw new RangeError(
        `${model.id} can't be trained by DP-SGD: its batch norm mixes the samples of a batch, so that no sample's gradient can be clipped for itself. Choose a model without batch norm.`,
      );
    if (model.copies)
      throw new RangeError(
        `${model.id} can't be trained by DP-SGD: the noise would part the tensors that its vector holds twice. Choose the model that holds them once.`,
      );
    this.#engine = engine;
    this.#model = model;
  }

  async train(task: DpSgdTask, { clip, noiseMultiplier }: DpSgdSettings): Promise<Float32Array> {
    const { samples, learningRate, random, signal, start } = task;
    const batchSize = Math.min(task.batchSize, samples.count);
    const pull = learningRate * task.proximal;
    const weights = start.slice();
    for (let step = 0; step < task.steps; step++) {
      signal.throwIfAborted();
      const batch = poissonSample(
        samples.count,
        batchSize / samples.count,
        random.derive('batch', step),
      );
      const sum = await this.#sumOfClipped(weights, samples, batch, clip);
      const noise = random.derive('noise', step);
      for (let at = 0; at < weights.length; at++) {
        const gradient =
          ((sum[at] as number) + noiseMultiplier * clip * noise.normal()) / batchSize;
        const stepped = (weights[at] as number) - learningRate * gradient;
        weights[at] = (stepped + pull * (start[at] as number)) / (1 + pull);
      }
    }
    return weights;
  }

  async #sumOfClipped(
    weights: Float32Array,
    samples: LabelledSamples,
    batch: Uint32Array,
    clip: number,
  ): Promise<Float32Array> {
    const { layout, classes } = this.#model;
    const zeros = new Float32Array(layout.size);
    if (batch.length === 0) return zeros;
    this.#clippedSum ??= this.#engine.compile(clippedGradientSum(this.#model));
    const program = await this.#clippedSum;
    const { steps, inputs, targets } = dealBatches(samples, batch, 1, classes, () => 1);
    const bound: NdArray = { shape: [], data: Float32Array.of(clip) };
    const { state } = await program.run({
      steps,
      state: layout.split(zeros),
      constants: [...layout.split(weights), bound],
      perStep: [inputs, targets],
    });
    return layout.join(state);
  }
}

/** Each of 0 … count-1 with a probability of its own, independently. */
export function poissonSample(count: number, probability: number, random: RandomStream) {
  return Uint32Array.from({ length: count }, (_, at) => at).filter(
    () => random.uniform() < probability,
  );
}
