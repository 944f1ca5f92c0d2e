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
  /** Number of coordinates known in plaintext. */
  readonly knownCount: number;
  readonly samples: number;
  readonly localSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
}
