import type { RandomStream } from '../engine/random.ts';
import type { CoordinateSet } from '../view/partial-vector.ts';

/** An update whose mask is known, about to be sent. */
export interface PerturbedUpdate {
  readonly client: number;
  readonly round: number;
  /** |D^k|. */
  readonly samples: number;
  /** [N], as transformed. */
  readonly values: Float32Array;
  /** What this client encrypts, 1 = encrypted. */
  readonly mask: CoordinateSet;
  readonly random: RandomStream;
}

/** What the client sends instead, [N]. */
export type Perturbation = (update: PerturbedUpdate) => Float32Array;
