import type { LabelledSamples } from '../data/dataset.ts';
import type { Exposure } from './adversaries.ts';
import {
  type CoordinateSet,
  complement,
  countCoordinates,
  intersection,
} from './coordinate-set.ts';
import { PartialVector } from './partial-vector.ts';
import type { ServerView } from './server-view.ts';

/** A client the attacker made up and trained on samples of its own, as the clients' training goes. */
export interface ShadowClient {
  /** The model it started from, [N]. */
  readonly start: Float32Array;
  /** The model it arrived at, [N]. */
  readonly model: Float32Array;
  /** Its local set: a defense may choose the mask by it. */
  readonly samples: LabelledSamples;
  readonly localSteps: number;
  readonly batchSize: number;
}

/**
 * What a mask-aware server would have read of a shadow client, had it taken part in a round under this
 * mask: encrypted coordinates are filled from its start, and only those are scored that are plaintext
 * and whose start the server knew in that round.
 *
 * @param mask 1 = encrypted; the round's, or the client's own where masks are individual
 * @throws {RangeError} when the view has no such round, or a vector is of another length.
 */
export function exposeShadow(
  view: Pick<ServerView, 'rounds' | 'hyper'>,
  round: number,
  client: number,
  shadow: ShadowClient,
  mask: CoordinateSet,
): Exposure {
  const seen = view.rounds.find((other) => other.round === round);
  if (!seen) throw new RangeError(`the view has no round ${round}`);
  if (shadow.start.length !== mask.length)
    throw new RangeError(`a model of ${shadow.start.length} values under a mask of ${mask.length}`);
  const scored = intersection(complement(mask), seen.globalModel.known);
  return {
    client,
    round,
    start: shadow.start.slice(),
    model: PartialVector.plaintextPart(shadow.model, mask).fillFrom(shadow.start),
    scored,
    knownCount: countCoordinates(scored),
    samples: shadow.samples.count,
    localSteps: shadow.localSteps,
    batchSize: shadow.batchSize,
    learningRate: view.hyper.learningRate,
    ...(view.hyper.proximal && { proximal: view.hyper.proximal }),
  };
}
