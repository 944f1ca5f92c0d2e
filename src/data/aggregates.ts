import type { RoundView } from '../view/server-view.ts';

/** A round whose aggregate reconstruction attacks are asked about. */
export interface RoundAggregate {
  readonly round: number;
  /** Everybody whose update is in it, probe clients included. */
  readonly clients: readonly number[];
  /** The most that a client made. */
  readonly localSteps: number;
}

/** The aggregates of the rounds asked for, as far as they came to be. */
export function roundAggregates(
  rounds: readonly RoundView[],
  asked: readonly number[],
): RoundAggregate[] {
  return rounds
    .filter(({ round, lost, transmissions }) => {
      return asked.includes(round) && !lost && transmissions.length > 0;
    })
    .map(({ round, transmissions }) => ({
      round,
      clients: transmissions.map(({ client }) => client),
      localSteps: Math.max(...transmissions.map(({ localSteps }) => localSteps)),
    }));
}
