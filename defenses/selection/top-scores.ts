import { type CoordinateSet, coordinateSet } from '../../src/view/coordinate-set.ts';
import { topCoordinates } from './top-coordinates.ts';

/** The `count` coordinates of the largest scores, ties by index; [N] scores. */
export function topScores(scores: Float32Array, count: number): CoordinateSet {
  return coordinateSet(scores.length, topCoordinates(Float64Array.from(scores), count));
}
