import type { AdversaryId, Exposure } from './adversaries.ts';
import type { CoordinateSet } from './coordinate-set.ts';
import { countCoordinates } from './coordinate-set.ts';
import type { RoundView, ServerView, Transmission } from './server-view.ts';

/** Which transmission an adversary looks at. */
export interface ExposureTarget {
  readonly client: number;
  readonly round: number;
}

/**
 * One client's transmission as an adversary reads it. A pure function of the view.
 *
 * - `stale` (V1, MaskCrypt's released code): the victim's exposed weights. They begin as w_0 and take
 *   over the plaintext coordinates of the victim's own transmissions; all coordinates are scored. The
 *   start is what the server holds of w_{t-1}, filled with the exposed weights before this round.
 * - `global-fill` (V2, V3; §3.3): encrypted coordinates of w_t^k are taken from w_{t-1}, and where the
 *   protocol keeps that from the server, from the most recent plaintext value of any global model;
 *   all coordinates are scored.
 * - `mask-aware`: the same fill, but only coordinates that are in plaintext here and whose start is
 *   known are scored.
 * - `oracle`: for the oracle's view, the record without absences.
 *
 * Without encryption all four are equal, bit by bit.
 *
 * @throws {RangeError} when the client took no part in that round, or when the oracle is asked to
 *   read a view that has absences.
 */
export function exposeTransmission(
  view: ServerView,
  adversary: AdversaryId,
  target: ExposureTarget,
): Exposure {
  const round = view.rounds.find(({ round }) => round === target.round);
  const transmission = round?.transmissions.find(({ client }) => client === target.client);
  if (!round || !transmission)
    throw new RangeError(`client ${target.client} sent nothing in round ${target.round}`);
  return {
    client: target.client,
    round: target.round,
    samples: transmission.samples,
    localSteps: transmission.localSteps,
    batchSize: transmission.batchSize,
    learningRate: view.hyper.learningRate,
    ...readers[adversary](view, round, transmission),
  };
}

type Reading = Pick<Exposure, 'start' | 'model' | 'scored' | 'knownCount'>;
type Reader = (view: ServerView, round: RoundView, sent: Transmission) => Reading;

const readers: Readonly<Record<AdversaryId, Reader>> = {
  stale(view, round, sent) {
    const exposed = exposedWeights(view, sent.client, round.round);
    return {
      start: round.globalModel.fillFrom(exposed),
      model: sent.weights.fillFrom(exposed),
      scored: everywhere(view.size),
      knownCount: sent.weights.values.length,
    };
  },
  'global-fill'(view, round, sent) {
    const start = knownGlobalModel(view, round.round);
    return {
      start,
      model: sent.weights.fillFrom(start),
      scored: everywhere(view.size),
      knownCount: sent.weights.values.length,
    };
  },
  'mask-aware'(view, round, sent) {
    const start = knownGlobalModel(view, round.round);
    const scored = intersection(sent.weights.known, round.globalModel.known);
    return {
      start,
      model: sent.weights.fillFrom(start),
      scored,
      knownCount: countCoordinates(scored),
    };
  },
  oracle(view, round, sent) {
    if (!sent.weights.isComplete || !round.globalModel.isComplete)
      throw new RangeError('the oracle reads the oracle view, which has no absences; this one has');
    return {
      start: round.globalModel.values.slice(),
      model: sent.weights.values.slice(),
      scored: everywhere(view.size),
      knownCount: view.size,
    };
  },
};

/** A victim's weights as the server knew them before `round`: w_0, then its plaintext coordinates. */
function exposedWeights(view: ServerView, client: number, round: number): Float32Array {
  const exposed = view.initialModel.slice();
  for (const earlier of view.rounds) {
    if (earlier.round >= round) break;
    earlier.transmissions.find((sent) => sent.client === client)?.weights.writeTo(exposed);
  }
  return exposed;
}

/** The most recent value the server had of each coordinate of a global model when `round` began. */
function knownGlobalModel(view: ServerView, round: number): Float32Array {
  const model = view.initialModel.slice();
  for (const earlier of view.rounds) {
    if (earlier.round > round) break;
    earlier.globalModel.writeTo(model);
  }
  return model;
}

function everywhere(size: number): CoordinateSet {
  return new Uint8Array(size).fill(1);
}

function intersection(a: CoordinateSet, b: CoordinateSet): CoordinateSet {
  const both = new Uint8Array(a.length);
  for (let at = 0; at < both.length; at++) both[at] = (a[at] as number) & (b[at] as number);
  return both;
}
