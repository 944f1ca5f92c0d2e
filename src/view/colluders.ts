import type { RandomStream } from '../engine/random.ts';
import type { ServerView } from './server-view.ts';

export interface ColluderChoice {
  readonly count: number;
  readonly rounds: ServerView['rounds'];
  /** Clients 0 … n-1 are ordinary ones; probes count on from there. */
  readonly ordinaryClients: number;
  /** What attacks are asked about: no colluder is among these clients. */
  readonly targets: readonly { readonly client: number; readonly round: number }[];
  /** Depends on the seed only. */
  readonly random: RandomStream;
}

/**
 * The clients that collude with the server: neither victims nor probes. They are the worst choice for
 * the defense: those that took part in most of the attacked rounds, ties broken at random, so that
 * `collusion:1` is among `collusion:2`.
 *
 * @returns undefined when there are fewer such clients that ever took part
 */
export function chooseColluders(choice: ColluderChoice): readonly number[] | undefined {
  const { count, rounds, ordinaryClients, targets, random } = choice;
  const victims = new Set(targets.map(({ client }) => client));
  const attacked = new Set(targets.map(({ round }) => round));
  const score = new Map<number, number>();
  for (const { round, transmissions } of rounds)
    for (const { client } of transmissions)
      if (client < ordinaryClients && !victims.has(client))
        score.set(client, (score.get(client) ?? 0) + (attacked.has(round) ? 1 : 0));
  const inOrder = random
    .shuffle([...score.keys()].toSorted((a, b) => a - b))
    .toSorted((a, b) => (score.get(b) as number) - (score.get(a) as number));
  return inOrder.length < count ? undefined : inOrder.slice(0, count);
}
