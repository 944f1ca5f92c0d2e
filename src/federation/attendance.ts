import type { LostRound } from '../api/results.ts';
import type { Specification } from '../spec/specification.ts';
import type { Dropout } from '../view/server-view.ts';
import { dropouts, uploads } from './dropout.ts';
import type { Exchanged } from './exchange.ts';
import type { FederationKeys } from './federation-keys.ts';
import type { ClientUpdate } from './updates.ts';

/** Who took part in a round, and who was still there at its stages. */
export interface Attendance {
  readonly updates: readonly ClientUpdate[];
  readonly arrived: readonly ClientUpdate[];
  /** Ordinary clients in order of selection. */
  readonly drawn: readonly number[];
  readonly fallen: readonly Dropout[];
  /** Clients of the round that are there to the end, probes included. */
  readonly present: readonly number[];
  /** Who opens the aggregate, or why the round is lost. */
  readonly openers: readonly number[] | LostRound;
}

/** Draws who falls out of a round, and who is left to open its aggregate. */
export function attend(
  {
    federation,
    seed,
    keys,
  }: {
    readonly federation: Specification['federation'];
    readonly seed: number;
    readonly keys: FederationKeys;
  },
  round: number,
  updates: readonly ClientUpdate[],
): Attendance {
  const drawn = updates.flatMap(({ client }) => (client < federation.clients ? [client] : []));
  const fallen = dropouts(federation.dropout, seed, round, drawn);
  const arrived = updates.filter(({ client }) => uploads(fallen, client));
  const outside = [...Array(federation.clients).keys()].filter((id) => !drawn.includes(id));
  const gone = dropouts(federation.dropout, seed, round, outside);
  const left = (clients: readonly number[], lost: readonly Dropout[]) =>
    clients.filter((client) => !lost.some((one) => one.client === client));
  const present = left(
    updates.map(({ client }) => client),
    fallen,
  );
  const noUpload: LostRound = {
    cause: 'no-upload',
    missing: drawn,
    reason: 'No client of the round was left to upload.',
  };
  const openers = drawn.every((client) => !uploads(fallen, client))
    ? noUpload
    : keys.openers({
        drawn,
        uploaded: arrived.map(({ client }) => client),
        present: present.filter((client) => client < federation.clients || keys.opensOwn),
        others: left(outside, gone),
      });
  return { updates, arrived, drawn, fallen, present, openers };
}

export function isLost(openers: readonly number[] | LostRound): openers is LostRound {
  return 'cause' in openers;
}

/** Why the round gives no new model. Plaintext sums need nobody to open them. */
export function lostRound(
  { openers }: Attendance,
  { maskedCount }: Exchanged,
): LostRound | undefined {
  if (!isLost(openers)) return undefined;
  return maskedCount > 0 || openers.cause === 'no-upload' ? openers : undefined;
}
