import type { Defense } from '../api/defense.ts';
import { randomStream } from '../engine/random.ts';
import { cellModel } from '../federation/cell-model.ts';
import { findModel } from '../models/registry.ts';

/**
 * Random weights of the model that a cell trains, independent of w_0 and the same for all of a seed's
 * attacks; random too where w_0 was read or pretrained.
 *
 * @param modelId of the specification
 */
export function freshModel<P, M>(
  defense: Defense<P, M>,
  params: P,
  modelId: string,
  seed: number,
): () => Float32Array {
  return () =>
    cellModel(defense, params, findModel(modelId), seed).initialize(
      randomStream(seed, 'adversary', 'fresh-model'),
    );
}
