import type { Model } from './model.ts';

/** A model that starts from given parameters, [layout.size], instead of random ones. */
export function startingFrom(model: Model, parameters: Float32Array): Model {
  return { ...model, initialize: () => parameters.slice() };
}
