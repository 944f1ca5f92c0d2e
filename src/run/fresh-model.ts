import { randomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';

/** Weights as fresh as w_0 and independent of it, the same for all of a seed's attacks. */
export function freshModel(model: Model, seed: number): () => Float32Array {
  return () => model.initialize(randomStream(seed, 'adversary', 'fresh-model'));
}
