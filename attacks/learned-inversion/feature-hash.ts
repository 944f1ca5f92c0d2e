import type { RandomStream } from '../../src/engine/random.ts';
import type { CoordinateSet } from '../../src/view/partial-vector.ts';

/**
 * Compresses the scored coordinates of an update to a fixed number of features: every coordinate is
 * added to a random feature with a random sign, which keeps inner products in expectation (Weinberger
 * et al. 2009; used on gradients by Wu et al. 2023, §3.3). Where there are no more coordinates than
 * features, each keeps one of its own.
 */
export class FeatureHash {
  readonly features: number;
  readonly #coordinates: Uint32Array;
  readonly #feature: Uint32Array;
  readonly #sign: Int8Array;

  constructor(scored: CoordinateSet, mostFeatures: number, random: RandomStream) {
    const coordinates: number[] = [];
    scored.forEach((used, at) => {
      if (used === 1) coordinates.push(at);
    });
    const ownEach = coordinates.length <= mostFeatures;
    this.features = Math.min(coordinates.length, mostFeatures);
    this.#coordinates = Uint32Array.from(coordinates);
    this.#feature = Uint32Array.from(coordinates, (_, at) =>
      ownEach ? at : random.integer(mostFeatures),
    );
    this.#sign = Int8Array.from(coordinates, () => (ownEach || random.integer(2) === 0 ? 1 : -1));
  }

  /** Features of an update [N]. */
  of(update: ArrayLike<number>): Float32Array {
    const features = new Float32Array(this.features);
    for (let at = 0; at < this.#coordinates.length; at++) {
      const feature = this.#feature[at] as number;
      const value = update[this.#coordinates[at] as number] as number;
      features[feature] = (features[feature] as number) + (this.#sign[at] as number) * value;
    }
    return features;
  }
}
