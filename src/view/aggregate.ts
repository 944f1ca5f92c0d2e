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
 * @returns undefined when the client sent nothing in that round, or the round gave no new global model.
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

function aggregateOf({ rounds, finalModel }: ServerView, round: RoundView): Observed | undefined {
  const { transmissions } = round;
  if (round.lost || transmissions.length === 0) return undefined;
  const next = rounds.find((later) => later.round === round.round + 1);
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
    weights: next?.globalModel ?? finalModel,
    ciphertexts: { count: 0, bytes: 0 },
    ...(!asOne && { parts: partsOf(transmissions) }),
  };
}

function partsOf(transmissions: readonly Transmission[]): AggregatePart[] {
  const weights = transmissions.map(({ weight, samples }) => weight ?? samples);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return transmissions.map(({ samples, localSteps, batchSize }, k) => ({
    samples,
    localSteps,
    batchSize,
    weight: (weights[k] as number) / total,
  }));
}
