import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine } from '../../src/engine/program.ts';
import type { Model } from '../../src/models/model.ts';
import type { Exposure } from '../../src/view/adversaries.ts';
import { LogitsQuery, logProbabilities } from '../query/logits.ts';
import { SampleGradients } from '../query/sample-gradients.ts';
import { observedSum } from './observed-sum.ts';
import { cosines, gradientDifferences } from './statistics.ts';

/**
 * How well a sample fits a client's update Δ: cos(∇ℓ(x), Δ) and ‖Δ‖² − ‖Δ − ∇ℓ(x)‖², gradients
 * taken where the round began and over scored coordinates; or −ℓ(x) on the client's exposed model.
 */
export type Statistic = 'cosine' | 'difference' | 'loss';

/** Measures samples against updates of one model. */
export class UpdateMeasure {
  readonly #gradients: SampleGradients;
  readonly #query: LogitsQuery;

  private constructor(gradients: SampleGradients, query: LogitsQuery) {
    this.#gradients = gradients;
    this.#query = query;
  }

  static async open(model: Model, engine: Engine): Promise<UpdateMeasure> {
    return new UpdateMeasure(
      await SampleGradients.open(model, engine),
      await LogitsQuery.open(model, engine),
    );
  }

  /** One value per sample; higher = fits better. */
  async of(
    statistic: Statistic,
    exposure: Exposure,
    samples: LabelledSamples,
    signal: AbortSignal,
  ): Promise<Float64Array> {
    if (statistic === 'loss') return this.#logProbabilities(exposure.model, samples);
    const { gradient, squaredNorm } = observedSum(exposure);
    const { start, scored } = exposure;
    const measures = await this.#gradients.measure(start, samples, gradient, scored, signal);
    return statistic === 'cosine'
      ? cosines(measures, squaredNorm)
      : gradientDifferences(measures, squaredNorm);
  }

  close(): void {
    this.#gradients.close();
    this.#query.close();
  }

  async #logProbabilities(weights: Float32Array, samples: LabelledSamples): Promise<Float64Array> {
    const logits = await this.#query.ask(weights, samples);
    const classes = logits.length / samples.count;
    return Float64Array.from(
      samples.labels,
      (label, at) =>
        logProbabilities(logits.subarray(at * classes, (at + 1) * classes))[label] as number,
    );
  }
}
