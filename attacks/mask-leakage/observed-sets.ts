import type { RandomStream } from '../../src/engine/random.ts';
import type { ParameterLayout } from '../../src/models/layout.ts';
import {
  type CoordinateSet,
  coordinateSet,
  countCoordinates,
} from '../../src/view/coordinate-set.ts';
import type { RoundView, ServerView, Transmission } from '../../src/view/server-view.ts';

/** A set of coordinates that says something about one client's data. */
export interface ObservedSet {
  readonly client: number;
  readonly round: number;
  readonly set: CoordinateSet;
  /** Its size. */
  readonly count: number;
  /** Whether the client itself chose it; else it is what all agreed on. */
  readonly own: boolean;
}

/**
 * What the server sees of the coordinates a client wants encrypted: its proposal, else its individual
 * mask, else the mask all clients agreed on.
 *
 * @returns undefined when it holds no coordinate or all of them, and so tells nothing
 */
export function observedSet(round: RoundView, sent: Transmission): ObservedSet | undefined {
  const own = sent.proposal ? coordinateSet(round.mask.length, sent.proposal) : sent.mask;
  const set = own ?? round.mask;
  const count = countCoordinates(set);
  if (count === 0 || count === set.length) return undefined;
  return { client: sent.client, round: round.round, set, count, own: own !== undefined };
}

/** What was observed of a client, in the order of its rounds. */
export function observedOf(view: Pick<ServerView, 'rounds'>, client: number): ObservedSet[] {
  return view.rounds.flatMap((round) => {
    const sent = round.transmissions.find((one) => one.client === client);
    return (sent && observedSet(round, sent)) ?? [];
  });
}

/** The control: as many coordinates of every tensor, but others. */
export function shuffledWithinTensors(
  set: CoordinateSet,
  layout: ParameterLayout,
  random: RandomStream,
): CoordinateSet {
  const shuffled = new Uint8Array(set.length);
  for (const { offset, size } of layout.entries) {
    const order = random.derive(offset).permutation(size);
    order.forEach((from, to) => {
      shuffled[offset + to] = set[offset + from] as number;
    });
  }
  return shuffled;
}
