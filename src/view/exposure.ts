import { type AdversaryId, type Exposure, type FillId, findAdversary } from './adversaries.ts';
import { EVERYBODY, type Observed, observedIn } from './aggregate.ts';
import {
  type CoordinateSet,
  countCoordinates,
  everywhere,
  intersection,
} from './coordinate-set.ts';
import { interpolateInTime, knownGlobalModel } from './history.ts';
import type { RoundView, ServerView } from './server-view.ts';

/** Which transmission an adversary looks at; client `EVERYBODY`: the round's aggregate. */
export interface ExposureTarget {
  readonly client: number;
  readonly round: number;
}

/** What an adversary reads and fills from. */
export interface ExposureSources {
  /** What it sees: the server's view, the opened one, or the record without absences. */
  readonly view: ServerView;
  /** A fresh draw of the public initialisation, [N], always the same; for `random` alone. */
  freshModel?(): Float32Array;
}

/**
 * One client's transmission, or a round's aggregate, as an adversary reads it. A pure function of what it
 * sees.
 *
 * Encrypted coordinates of w_t^k and of w_{t-1} are filled as follows; a known value is never filled.
 *
 * - `stale` (V1, MaskCrypt's released code): the victim's exposed weights, both. They begin as w_0 and
 *   take over the plaintext coordinates of the victim's own transmissions before this round; an
 *   aggregate's are the global models.
 * - `zero`, `fresh`: 0, or a fresh initial model, both.
 * - `global` (V2, V3; §3.3): w_t^k is filled from w_{t-1}, and that, where the protocol keeps it from
 *   the server, with the most recent plaintext value of any global model. So the update is 0 where
 *   it was encrypted, which is what evaluations mean that zero the encrypted gradient.
 * - `history`: both are interpolated between what is known before and after (`history.ts`); what
 *   can't be is filled with the latest value before and not scored.
 *
 * Without encryption all adversaries read the same, bit by bit.
 *
 * @throws {RangeError} when the client took no part in that round, or the round has no aggregate to read;
 *   when the oracle is asked to read a view that has absences, or `random` without a fresh model.
 */
export function exposeTransmission(
  sources: ExposureSources | ServerView,
  adversary: AdversaryId,
  target: ExposureTarget,
): Exposure {
  const { view, ...more } = 'view' in sources ? sources : { view: sources };
  const round = view.rounds.find(({ round }) => round === target.round);
  const sent = round && observedIn(view, round, target.client);
  if (!round || !sent)
    throw new RangeError(
      target.client === EVERYBODY
        ? `round ${target.round} gave no new global model, or nobody but colluders is in it`
        : `client ${target.client} sent nothing in round ${target.round}`,
    );
  const { sees, fill, scores } = findAdversary(adversary);
  if (sees === 'everything' && !(sent.weights.isComplete && round.globalModel.isComplete))
    throw new RangeError('the oracle reads the oracle view, which has no absences; this one has');
  const { start, model, usable } = fills[fill]({ view, round, sent, ...more });
  const scored = scores === 'all' ? everywhere(view.size) : usable;
  return {
    client: target.client,
    round: target.round,
    start,
    model,
    scored,
    knownCount: scores === 'all' ? sent.weights.values.length : countCoordinates(scored),
    samples: sent.samples,
    localSteps: sent.localSteps,
    batchSize: sent.batchSize,
    learningRate: view.hyper.learningRate,
    ...(view.hyper.proximal && { proximal: view.hyper.proximal }),
    ...(sent.parts && { parts: sent.parts }),
  };
}

interface Reading {
  readonly start: Float32Array;
  readonly model: Float32Array;
  /** Where both were read or interpolated. */
  readonly usable: CoordinateSet;
}

type Read = ExposureSources & { readonly round: RoundView; readonly sent: Observed };

const fills: Readonly<Record<FillId, (read: Read) => Reading>> = {
  stale: (read) => filledFrom(read, exposedWeights(read.view, read.sent.client, read.round.round)),
  zero: (read) => filledFrom(read, new Float32Array(read.view.size)),
  fresh(read) {
    if (!read.freshModel) throw new RangeError('the adversary random needs a fresh initial model');
    return filledFrom(read, read.freshModel());
  },
  global: (read) => filledFrom(read, knownGlobalModel(read.view, read.round.round)),
  history: ({ view, round, sent }) => interpolateInTime(view, round, sent),
};

/** Both ends filled with the same values. */
function filledFrom({ round, sent }: Read, values: Float32Array): Reading {
  return {
    start: (sent.start ?? round.globalModel).fillFrom(values),
    model: sent.weights.fillFrom(values),
    usable: intersection(sent.weights.known, round.globalModel.known),
  };
}

/** A victim's weights as the server knew them before `round`: w_0, then its plaintext coordinates. */
function exposedWeights(view: ServerView, client: number, round: number): Float32Array {
  const exposed = view.initialModel.slice();
  for (const earlier of view.rounds) {
    if (earlier.round >= round) break;
    observedIn(view, earlier, client)?.weights.writeTo(exposed);
  }
  return exposed;
}
