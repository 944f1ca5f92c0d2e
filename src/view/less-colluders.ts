import { type CoordinateSet, everywhere, intersection, union } from './coordinate-set.ts';
import { PartialVector } from './partial-vector.ts';
import type { RoundView, ServerView, Transmission } from './server-view.ts';

/** What clients of a round share in its aggregate, p_k; all add up to 1. */
export function shares(transmissions: readonly Transmission[]): number[] {
  const weights = transmissions.map(({ weight, samples }) => weight ?? samples);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The transmissions of clients that do not collude with the server. */
export function honest({ colluders = [] }: ServerView, round: RoundView): readonly Transmission[] {
  return round.transmissions.filter(({ client }) => !colluders.includes(client));
}

/**
 * A round's aggregate less what colluders sent, as if the other clients had been alone:
 * (w_t − Σ_colluders p_k w_t^k) / Σ_others p_k. Colluders share their own w_t^k and the w_{t-1} they
 * were sent.
 *
 * What a client did not send counts as it does in the mean (`new-model.ts`): as w_{t-1}, or, where clients
 * keep models of their own (`rest: kept`), not at all.
 *
 * @param aggregate w_t, as far as it is known
 * @returns known where the aggregate, w_{t-1} and all colluders' models are
 */
export function lessColluders(
  view: ServerView,
  round: RoundView,
  aggregate: PartialVector,
): PartialVector {
  const { size, rest } = view;
  const { transmissions, globalModel } = round;
  const others = honest(view, round);
  if (others.length === transmissions.length) return aggregate;
  const full = (part: PartialVector) => part.fillFrom(new Float32Array(size));
  const start = full(globalModel);
  /** Σ p_k over those that count. */
  const weight = { everybody: new Float64Array(size), others: new Float64Array(size) };
  const theirs = new Float64Array(size);
  let sentByAny: CoordinateSet = new Uint8Array(size);
  let known = intersection(aggregate.known, globalModel.known);
  const weights = shares(transmissions);
  transmissions.forEach((sent, k) => {
    const share = weights[k] as number;
    const colludes = !others.includes(sent);
    if (colludes) known = intersection(known, sent.weights.known);
    const travelled = travelledFrom(view, round, sent);
    sentByAny = union(sentByAny, travelled);
    const model = full(sent.weights);
    for (let at = 0; at < size; at++) {
      if (rest === 'kept' && travelled[at] === 0) continue;
      add(weight.everybody, at, share);
      const value = travelled[at] === 1 ? model[at] : start[at];
      if (colludes) add(theirs, at, share * (value as number));
      else add(weight.others, at, share);
    }
  });
  const left = full(aggregate).map((mean, at) => {
    // Nobody's: w_{t-1}, or 0 where the rest is pruned.
    if (sentByAny[at] === 0) return mean;
    const share = weight.others[at] as number;
    if (share === 0) return start[at] as number;
    return (mean * (weight.everybody[at] as number) - (theirs[at] as number)) / share;
  });
  return PartialVector.restrict(left, known);
}

function add(sums: Float64Array, at: number, value: number): void {
  sums[at] = (sums[at] as number) + value;
}

/** The coordinates that a client sent, in plaintext or encrypted. */
function travelledFrom({ rest, size }: ServerView, round: RoundView, { mask, sent }: Transmission) {
  const asMasked = rest ? (mask ?? round.mask) : everywhere(size);
  return sent ? intersection(asMasked, sent) : asMasked;
}
