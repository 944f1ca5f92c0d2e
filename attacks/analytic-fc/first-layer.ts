import { NotApplicable } from '../../src/api/attack.ts';
import type { ParameterEntry } from '../../src/models/layout.ts';
import type { Model } from '../../src/models/model.ts';

/** A fully connected layer that reads the input. */
export interface FirstLayer {
  /** [features, units], row-major: coordinate (j, i) is W_ij, from feature j to unit i. */
  readonly weight: ParameterEntry;
  /** [units] */
  readonly bias: ParameterEntry;
  readonly features: number;
  readonly units: number;
}

/** @throws {NotApplicable} when the model's first layer is another kind, or has no bias. */
export function firstFullyConnected({ title, layout, inputShape }: Model): FirstLayer {
  const features = inputShape.reduce((product, length) => product * length, 1);
  const first = Math.min(...layout.entries.map(({ layer }) => layer));
  const entries = layout.entries.filter(({ layer }) => layer === first);
  const weight = entries.find(({ kind }) => kind === 'weight');
  const bias = entries.find(({ kind }) => kind === 'bias');
  if (weight?.shape.length !== 2 || weight.shape[0] !== features)
    throw new NotApplicable(
      `The first layer of ${title} is not fully connected; the input can't be divided out of it.`,
    );
  if (!bias) throw new NotApplicable(`The first layer of ${title} has no bias to divide by.`);
  return { weight, bias, features, units: weight.shape[1] as number };
}
