import type { Defense } from '../api/defense.ts';
import { randomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';

/**
 * The model that a federation under this defense trains: the specified one, or what the defense makes
 * of it. Every stage that needs it makes it again, with the same random choices.
 */
export function cellModel<P, M>(
  defense: Defense<P, M>,
  params: P,
  base: Model,
  seed: number,
): Model {
  return defense.model?.(params)?.(base, randomStream(seed, 'defense-model')) ?? base;
}
