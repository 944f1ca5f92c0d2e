import type { UpdateTransform } from '../../src/api/defense.ts';

/** Clients send w_t^k − w_{t−1} in place of w_t^k: small numbers around 0, which quantise well. */
export const difference: UpdateTransform<undefined> = {
  transform: ({ localModel, globalModel }) => ({
    values: localModel.map((weight, at) => weight - (globalModel[at] as number)),
  }),
  asModel: (values, { globalModel }) => sum(globalModel, values),
  conclude: (mean, { globalModel }) => sum(globalModel, mean),
};

const sum = (model: Float32Array, change: Float32Array) =>
  model.map((weight, at) => weight + (change[at] as number));
