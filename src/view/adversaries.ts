import type { CoordinateSet } from './partial-vector.ts';

export type AdversaryId = 'stale' | 'global-fill' | 'mask-aware' | 'oracle';

export interface Adversary {
  readonly id: AdversaryId;
  readonly title: string;
  /** One sentence: what it knows, what it does with encrypted coordinates. */
  readonly knows: string;
  /** Whether the protocol gives a real attacker this much; `oracle` is an upper bound. */
  readonly protocolConsistent: boolean;
}

/** One client's transmission through the eyes of an adversary. */
export interface Exposure {
  readonly client: number;
  readonly round: number;
  /** w_{t-1}, as the adversary knows or guesses it. */
  readonly start: Float32Array;
  /** w_t^k, encrypted coordinates filled as the adversary does. */
  readonly model: Float32Array;
  /** Coordinates the adversary lets into its loss or score; 1 = used. */
  readonly scored: CoordinateSet;
  /**
   * Number of coordinates of this transmission whose values the adversary read (`mask-aware`: that
   * it can use); 0 = nothing was exposed, and only a prior can answer.
   */
  readonly knownCount: number;
  readonly samples: number;
  readonly localSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** Every adversary, weakest first. */
export const adversaries: readonly Adversary[] = [
  {
    id: 'stale',
    title: 'Stale',
    knows:
      "It fills encrypted coordinates with the victim's last plaintext values, at first the initial model: what MaskCrypt's released code evaluates.",
    protocolConsistent: true,
  },
  {
    id: 'global-fill',
    title: 'Global fill',
    knows:
      'It fills encrypted coordinates with the global model the round started from, as far as the protocol gives it to the server.',
    protocolConsistent: true,
  },
  {
    id: 'mask-aware',
    title: 'Mask-aware',
    knows:
      'It fills like global-fill, but knows which coordinates came in plaintext and scores only those.',
    protocolConsistent: true,
  },
  {
    id: 'oracle',
    title: 'Oracle',
    knows: 'It reads the update without any encryption: an upper bound, not a real attacker.',
    protocolConsistent: false,
  },
];
