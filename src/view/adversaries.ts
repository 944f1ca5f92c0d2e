import type { AggregatePart } from './aggregate.ts';
import type { CoordinateSet } from './partial-vector.ts';

/**
 * What an adversary is made of: what it knows (`sees`), what it puts where it can't read (`fill`), and
 * which coordinates it believes (`scores`).
 */
export interface Adversary {
  readonly id: AdversaryKind;
  readonly title: string;
  /** One sentence: what it knows, what it does with encrypted coordinates. */
  readonly knows: string;
  /** Who it takes: headlines are of the server alone. */
  readonly needs: 'server' | 'colluders' | 'upper-bound';
  /**
   * `server`: what the server saw; `deduced`: with what follows from sums it knows; `opened`: with what
   * colluders or recovered keys open; `everything`: the record without absences.
   */
  readonly sees: 'server' | 'deduced' | 'opened' | 'everything';
  readonly fill: FillId;
  /** `all`: filled values too, as if they were real; `usable`: what it read or interpolated. */
  readonly scores: 'all' | 'usable';
  /** A specification gives a number with it: `collusion:2`. */
  readonly counted?: true;
  /** Asked only where a specification names it. */
  readonly onRequest?: true;
}

/** How encrypted coordinates are filled; `exposure.ts` says exactly how. */
export type FillId = 'stale' | 'zero' | 'fresh' | 'global' | 'history';

export type AdversaryKind =
  | 'stale'
  | 'zero'
  | 'random'
  | 'global-fill'
  | 'mask-aware'
  | 'history'
  | 'in-the-loop'
  | 'key-recovery'
  | 'collusion'
  | 'oracle';

/** As a specification names it. `collusion:2`: the server and two clients. */
export type AdversaryId = Exclude<AdversaryKind, 'collusion'> | `collusion:${number}`;

/** One client's transmission, or a round's aggregate, through the eyes of an adversary. */
export interface Exposure {
  /** `EVERYBODY` for the aggregate. */
  readonly client: number;
  readonly round: number;
  /** w_{t-1}, as the adversary knows or guesses it. */
  readonly start: Float32Array;
  /** w_t^k, encrypted coordinates filled as the adversary does. */
  readonly model: Float32Array;
  /** Coordinates the adversary lets into its loss or score; 1 = used. */
  readonly scored: CoordinateSet;
  /**
   * Number of coordinates of this transmission that the adversary read, or, where it scores only
   * what it can use, that it can use; 0 = nothing was exposed, and only a prior can answer.
   */
  readonly knownCount: number;
  readonly samples: number;
  readonly localSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** μ of FedProx's proximal term towards `start`; absent: none. */
  readonly proximal?: number;
  /** The trainings an aggregate is the mean of, where it isn't like one training on all samples. */
  readonly parts?: readonly AggregatePart[];
}

/** Every adversary: the server alone, weakest first, then those that need more. */
export const adversaries: readonly Adversary[] = [
  {
    id: 'zero',
    title: 'Zero fill',
    knows: 'It takes encrypted weights as 0: a control.',
    needs: 'server',
    sees: 'server',
    fill: 'zero',
    scores: 'all',
    onRequest: true,
  },
  {
    id: 'random',
    title: 'Random fill',
    knows: 'It fills encrypted weights with those of a fresh initial model: a control.',
    needs: 'server',
    sees: 'server',
    fill: 'fresh',
    scores: 'all',
    onRequest: true,
  },
  {
    id: 'stale',
    title: 'Stale',
    knows:
      "It fills encrypted coordinates with the victim's last plaintext values, at first the initial model: what MaskCrypt's released code evaluates.",
    needs: 'server',
    sees: 'server',
    fill: 'stale',
    scores: 'all',
  },
  {
    id: 'global-fill',
    title: 'Global fill',
    knows:
      'It fills encrypted coordinates with the global model the round started from, as far as the protocol gives it to the server.',
    needs: 'server',
    sees: 'server',
    fill: 'global',
    scores: 'all',
  },
  {
    id: 'mask-aware',
    title: 'Mask-aware',
    knows:
      'It fills like global-fill, but knows which coordinates came in plaintext, or follow from sums it knows, and scores only those.',
    needs: 'server',
    sees: 'deduced',
    fill: 'global',
    scores: 'usable',
  },
  {
    id: 'history',
    title: 'History',
    knows:
      "It looks back on all rounds and interpolates encrypted coordinates in time between the victim's own plaintext values and those of global models; it scores what it read or interpolated.",
    needs: 'server',
    sees: 'deduced',
    fill: 'history',
    scores: 'usable',
  },
  {
    id: 'in-the-loop',
    title: 'In the loop',
    knows:
      'It reads like mask-aware and runs clients of its own through the same defense, so that what it trains on is masked like what it attacks.',
    needs: 'server',
    sees: 'deduced',
    fill: 'global',
    scores: 'usable',
    onRequest: true,
  },
  {
    id: 'key-recovery',
    title: 'Key recovery',
    knows:
      'It solves for the secret key from ciphertexts and what the protocol shows of their decryption, and reads like mask-aware what the key opens.',
    needs: 'server',
    sees: 'opened',
    fill: 'global',
    scores: 'usable',
  },
  {
    id: 'collusion',
    title: 'Collusion',
    knows:
      'The server and so many clients, none of them a victim: it has their updates, the global models they were sent and what their keys open, and reads like mask-aware.',
    needs: 'colluders',
    sees: 'opened',
    fill: 'global',
    scores: 'usable',
    counted: true,
    onRequest: true,
  },
  {
    id: 'oracle',
    title: 'Oracle',
    knows: 'It reads the update without any encryption: an upper bound, not a real attacker.',
    needs: 'upper-bound',
    sees: 'everything',
    fill: 'global',
    scores: 'all',
  },
];

/**
 * Adversaries that read transmissions in their own way: for an attack that asks `context.expose`.
 * `in-the-loop` differs from `mask-aware` only for attacks that train on shadow transmissions.
 */
export const readingAdversaries: readonly AdversaryKind[] = adversaries
  .map(({ id }) => id)
  .filter((id) => id !== 'in-the-loop');

/** The kind and, where it has one, the number in an adversary's name; undefined: there is none such. */
export function parseAdversary(
  name: string,
): { readonly kind: AdversaryKind; readonly count?: number } | undefined {
  const [, id, digits] = /^([a-z-]+)(?::([1-9]\d{0,3}))?$/.exec(name) ?? [];
  const known = adversaries.find((one) => one.id === id);
  if (!known || (known.counted === true) !== (digits !== undefined)) return undefined;
  return { kind: known.id, ...(digits !== undefined && { count: Number(digits) }) };
}

/**
 * The adversary of a name, its number in the title.
 * @throws {RangeError} when there is none such.
 */
export function findAdversary(id: AdversaryId): Omit<Adversary, 'id'> & {
  readonly id: AdversaryId;
  readonly kind: AdversaryKind;
  readonly count?: number;
} {
  const parsed = parseAdversary(id);
  const known = adversaries.find((one) => one.id === parsed?.kind);
  if (!parsed || !known) throw new RangeError(`there is no adversary "${id}"`);
  const { count } = parsed;
  return { ...known, ...parsed, id, title: count ? `${known.title} of ${count}` : known.title };
}
