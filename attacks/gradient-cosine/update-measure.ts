import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine } from '../../src/engine/program.ts';
import type { Model } from '../../src/models/model.ts';
import type { Exposure } from '../../src/view/adversaries.ts';
import { LogitsQuery, logProbabilities } from '../query/logits.ts';
import { SampleGradients } from '../query/sample-gradients.ts';
import { type ObservedSum, observedSum } from './observed-sum.ts';
import { cosines, gradientDifferences } from './statistics.ts';

/**
 * How well a sample fits a client's update Δ: cos(∇ℓ(x), Δ) and ‖Δ‖² − ‖Δ − ∇ℓ(x)‖², gradients
 * taken where the round began and over scored coordinates; or −ℓ(x) on the client's exposed model.
 */
export type Statistic = 'cosine' | 'difference' | 'loss';

/** Numbers of directions held in memory at once. */
const MOST_NUMBERS = 10e6;

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
      new SampleGradients(model, engine),
      await LogitsQuery.open(model, engine),
    );
  }

  /**
   * One value per sample; higher = fits better.
   *
   * @param exposures at least one; gradients are taken once for all that begin and score alike
   * @returns one list per exposure
   */
  async of(
    statistic: Statistic,
    exposures: readonly Exposure[],
    samples: LabelledSamples,
    signal: AbortSignal,
  ): Promise<Float64Array[]> {
    const values = new Map<Exposure, Float64Array>();
    if (statistic === 'loss') {
      for (const exposure of exposures)
        values.set(exposure, await this.#logProbabilities(exposure.model, samples));
    } else {
      const statisticOf = statistic === 'cosine' ? cosines : gradientDifferences;
      for (const alike of beginningAlike(exposures)) {
        const [{ start, scored }] = alike;
        const sums = alike.map(observedSum);
        const directions = sums.map(({ gradient }) => gradient);
        const { products, squares } = await this.#gradients.measure(
          start,
          samples,
          directions,
          scored,
          signal,
        );
        alike.forEach((exposure, at) => {
          const measured = { products: products[at] as Float64Array, squares };
          const { squaredNorm } = sums[at] as ObservedSum;
          values.set(exposure, statisticOf(measured, squaredNorm));
        });
      }
    }
    return exposures.map((exposure) => values.get(exposure) as Float64Array);
  }

  async close(): Promise<void> {
    this.#query.close();
    await this.#gradients.close();
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

/** Exposures with the same start and scored coordinates, few enough at a time. */
function beginningAlike(exposures: readonly Exposure[]): [Exposure, ...Exposure[]][] {
  const groups: [Exposure, ...Exposure[]][] = [];
  for (const exposure of exposures) {
    const most = MOST_NUMBERS / exposure.start.length;
    const group = groups.find(
      ([first, ...rest]) =>
        rest.length + 2 <= most &&
        sameNumbers(first.start, exposure.start) &&
        sameNumbers(first.scored, exposure.scored),
    );
    if (group) group.push(exposure);
    else groups.push([exposure]);
  }
  return groups;
}

function sameNumbers(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean {
  return a.every((value, at) => value === b[at]);
}
