import type { MembershipScores } from '../../src/api/attack.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { jaccard } from './agreement.ts';
import { type ObservedSet, observedSet } from './observed-sets.ts';

/**
 * How alike the sets that clients chose in other rounds are to one client's: what a server would link
 * pseudonyms by. A Jaccard index, less its mean over the other round, as sets of some rounds are more
 * alike than those of others. Client numbers are not looked at.
 *
 * @returns undefined when clients choose no sets, or there is no other round
 */
export function likeSets(
  { rounds }: Pick<ServerView, 'rounds'>,
  one: ObservedSet,
): MembershipScores['alike'] {
  if (!one.own) return undefined;
  const alike = rounds.flatMap((round) => {
    if (round.round === one.round) return [];
    const others = round.transmissions.flatMap((sent) => {
      const other = observedSet(round, sent);
      return other?.own ? [{ client: sent.client, score: jaccard(one.set, other.set) }] : [];
    });
    const mean = others.reduce((sum, { score }) => sum + score, 0) / others.length;
    return others.map(({ client, score }) => ({ client, round: round.round, score: score - mean }));
  });
  return alike.length > 0 ? alike : undefined;
}
