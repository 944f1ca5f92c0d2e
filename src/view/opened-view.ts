import {
  type CoordinateSet,
  complement,
  everywhere,
  intersection,
  union,
} from './coordinate-set.ts';
import { PartialVector } from './partial-vector.ts';
import type { RoundView, ServerView, Transmission } from './server-view.ts';

/** What an adversary has besides what the server saw. */
export interface Access {
  /** Clients that collude: their updates, the global models they were sent, their keys. */
  readonly colluders: readonly number[];
  /** Secret keys solved for: the one that opens everything, or those of these clients. */
  readonly recovered: 'the key' | readonly number[];
}

/**
 * What the server can read with this access: its view with more coordinates known. Trusted: it takes
 * the values from the record without absences, and gives out those that follow.
 *
 * - A colluder's own update is known. So is the global model of every round it takes part in, which it
 *   was sent to train on, and the new one, which it decrypts or is sent.
 * - `shared`: one client's key opens everything that anybody encrypted. `threshold`: t keys do.
 * - `per-client` (MaskCrypt §3.3): what a round encrypts is split evenly, in coordinate order, into
 *   one block per participant. Client j's key opens block j of everybody's update and of the
 *   aggregate: c colluders among K participants open c/K of what is encrypted.
 * - `own-key`: a client's key opens that client's update.
 * - `joint`: the keys of all clients are needed, so colluders' keys open nothing.
 * - Whatever the keys: where an aggregate is known and all updates in it but one, the last one follows.
 *
 * @throws {RangeError} when `oracle` is not the same record without absences.
 */
export function openView(server: ServerView, oracle: ServerView, access: Access): ServerView {
  const { size } = server;
  const colludes = ({ client }: { readonly client: number }) => access.colluders.includes(client);
  const opened = server.rounds.map((round, at) => {
    const keyed = openedByKeys(round, server.encryption, access);
    const next = server.rounds[at + 1]?.globalModel ?? server.finalModel;
    const aggregate = round.lost
      ? keyed.aggregate
      : round.transmissions.some(colludes)
        ? everywhere(size)
        : union(next.known, keyed.aggregate);
    const readable = round.transmissions.map((sent, k) =>
      colludes(sent)
        ? everywhere(size)
        : union(
            sent.weights.known,
            intersection(encryptedIn(sent, round), keyed.transmissions[k] as CoordinateSet),
          ),
    );
    const known = round.transmissions.map((sent, k) =>
      union(
        readable[k] as CoordinateSet,
        intersection(encryptedIn(sent, round), lastUnknown(round, readable, k, aggregate)),
      ),
    );
    return { aggregate, known };
  });

  const modelAt = (at: number): PartialVector => {
    const [seen, truth] = [server, oracle].map(
      ({ rounds, finalModel }) => rounds[at]?.globalModel ?? finalModel,
    ) as [PartialVector, PartialVector];
    if (server.rounds[at]?.transmissions.some(colludes)) return restrict(truth, everywhere(size));
    if (at === 0) return restrict(truth, seen.known);
    // After a lost round the model is still the one before.
    const before = server.rounds[at - 1]?.lost ? modelAt(at - 1).known : opened[at - 1]?.aggregate;
    return restrict(truth, union(seen.known, before as CoordinateSet));
  };
  return {
    ...server,
    rounds: server.rounds.map((round, at) => ({
      ...round,
      globalModel: modelAt(at),
      transmissions: round.transmissions.map((sent, k) => ({
        ...sent,
        weights: restrict(
          oracle.rounds[at]?.transmissions[k]?.weights,
          opened[at]?.known[k] as CoordinateSet,
        ),
      })),
    })),
    finalModel: modelAt(server.rounds.length),
    ...(access.colluders.length > 0 && { colluders: access.colluders }),
  };
}

/**
 * What the server can work out alone. Where masks are individual, or a round has one client, it may
 * know an aggregate and all updates in it but one.
 */
export function deduceView(server: ServerView, oracle: ServerView): ServerView {
  const possible = server.rounds.some(
    ({ transmissions }) => transmissions.length === 1 || transmissions.some(({ mask }) => mask),
  );
  return possible ? openView(server, oracle, { colluders: [], recovered: [] }) : server;
}

/** What keys open of one round: of each transmission, and of the aggregate. */
interface Opened {
  readonly transmissions: readonly CoordinateSet[];
  readonly aggregate: CoordinateSet;
}

function openedByKeys(
  { transmissions, mask, blocks }: RoundView,
  { keySetup, threshold = Number.POSITIVE_INFINITY }: ServerView['encryption'],
  { colluders, recovered }: Access,
): Opened {
  const all = everywhere(mask.length);
  const nothing = new Uint8Array(mask.length);
  const each = (set: CoordinateSet) => ({
    transmissions: transmissions.map(() => set),
    aggregate: set,
  });
  if (recovered === 'the key') return each(all);
  const held = (client: number) => colluders.includes(client) || recovered.includes(client);
  switch (keySetup) {
    case 'none':
    case 'joint':
      return each(nothing);
    case 'shared':
      return each(colluders.length > 0 ? all : nothing);
    case 'threshold':
      return each(colluders.length >= threshold ? all : nothing);
    case 'per-client':
      return each(heldBlocks(mask, blocks ?? [], held));
    case 'own-key':
      return {
        transmissions: transmissions.map(({ client }) => (held(client) ? all : nothing)),
        aggregate: nothing,
      };
  }
}

/** The masked coordinates in blocks whose key is held. */
function heldBlocks(
  mask: CoordinateSet,
  blocks: NonNullable<RoundView['blocks']>,
  held: (client: number) => boolean,
): CoordinateSet {
  const opened = new Uint8Array(mask.length);
  let at = 0;
  for (const { client, length } of blocks) {
    const bit = held(client) ? 1 : 0;
    for (let left = length; left > 0 && at < mask.length; at++) {
      if (mask[at] === 0) continue;
      opened[at] = bit;
      left--;
    }
  }
  return opened;
}

/** What a client sent encrypted. */
function encryptedIn(sent: Transmission, round: RoundView): CoordinateSet {
  const mask = sent.mask ?? round.mask;
  return sent.sent ? intersection(mask, sent.sent) : mask;
}

/** Where transmission k is the only one of a known aggregate that isn't known. */
function lastUnknown(
  { transmissions }: RoundView,
  known: readonly CoordinateSet[],
  k: number,
  aggregate: CoordinateSet,
): CoordinateSet {
  return known.reduce((left, other, at) => {
    if (at === k) return left;
    const travelled = transmissions[at]?.sent;
    // What a client didn't send is not in the sum.
    return intersection(left, travelled ? union(other, complement(travelled)) : other);
  }, aggregate);
}

function restrict(truth: PartialVector | undefined, known: CoordinateSet): PartialVector {
  if (!truth?.isComplete) throw new RangeError('a view is opened from a record without absences');
  return PartialVector.restrict(truth.values, known);
}
