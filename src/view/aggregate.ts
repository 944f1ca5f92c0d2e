import { honest, lessColluders, shares } from './less-colluders.ts';
import type { RoundView, ServerView, Transmission } from './server-view.ts';

/** Stands where a client's number does, for all clients of a round together: their mean update. */
export const EVERYBODY = -1;

/** For sentences: `Client 3`, or `The aggregate`. */
export function senderName(client: number): string {
  return client === EVERYBODY ? 'The aggregate' : `Client ${client}`;
}

/** One client's part in an aggregate. */
export interface AggregatePart {
  readonly samples: number;
  readonly localSteps: number;
  readonly batchSize: number;
  /** p_k; all add up to 1. */
  readonly weight: number;
}

/** What a client sent in a round, or, for `EVERYBODY`, the round's aggregate as if one client had sent it. */
export type Observed = Transmission & { readonly parts?: readonly AggregatePart[] };

/**
 * What a client sent in a round. For `EVERYBODY` it is the new global model, as far as the server knows
 * it, of all samples of the round.
 *
 * Where every client makes one step on all its samples and counts by their number, the aggregate is one
 * step on the union of all samples. Elsewhere it is the weighted mean of trainings from the same start:
 * `parts` says of which.
 *
 * Colluders' parts are no secret: in a view that they opened, the aggregate is that of the other clients.
 *
 * @returns undefined when the client sent nothing in that round, or the round gave no new global model,
 *   or nobody but colluders is in it.
 */
export function observedIn(
  view: ServerView,
  round: RoundView,
  client: number,
): Observed | undefined {
  return client === EVERYBODY
    ? aggregateOf(view, round)
    : round.transmissions.find((sent) => sent.client === client);
}

function aggregateOf(view: ServerView, round: RoundView): Observed | undefined {
  const transmissions = honest(view, round);
  if (round.lost || transmissions.length === 0) return undefined;
  const next = view.rounds.find((later) => later.round === round.round + 1);
  const samples = transmissions.reduce((sum, sent) => sum + sent.samples, 0);
  const asOne = transmissions.every(
    (sent) => sent.weight === undefined && sent.localSteps === 1 && sent.samples <= sent.batchSize,
  );
  const most = (of: (sent: Transmission) => number) => Math.max(...transmissions.map(of));
  return {
    client: EVERYBODY,
    samples,
    localSteps: most(({ localSteps }) => localSteps),
    batchSize: asOne ? samples : most(({ batchSize }) => batchSize),
    weights: lessColluders(view, round, next?.globalModel ?? view.finalModel),
    ciphertexts: { count: 0, bytes: 0 },
    ...(!asOne && { parts: partsOf(transmissions) }),
  };
}

function partsOf(transmissions: readonly Transmission[]): AggregatePart[] {
  const weights = shares(transmissions);
  return transmissions.map(({ samples, localSteps, batchSize }, k) => ({
    samples,
    localSteps,
    batchSize,
    weight: weights[k] as number,
  }));
}
