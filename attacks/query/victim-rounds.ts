import type { ServerView } from '../../src/view/server-view.ts';

/** The rounds in which a client took part, rising. */
export function roundsOf({ rounds }: Pick<ServerView, 'rounds'>, client: number): number[] {
  return rounds
    .filter(({ transmissions }) => transmissions.some((sent) => sent.client === client))
    .map(({ round }) => round);
}
