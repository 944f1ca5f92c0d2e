import type { CoordinateSet } from '../../src/view/coordinate-set.ts';

/**
 * w_exp: a client's model as it stands exposed, the most recent plaintext value of each coordinate
 * (MaskCrypt, Algorithm 2). A client keeps its own between the rounds it takes part in.
 */
export class ExposedWeights {
  readonly values: Float32Array;

  /** w_exp,0 = w_0. */
  constructor(initialModel: Float32Array) {
    this.values = initialModel.slice();
  }

  /** w̃_exp: takes over w_{t-1} where it was sent in plaintext, keeps the previous w_exp elsewhere. */
  receive(globalModel: Float32Array, previousMask: CoordinateSet): void {
    this.#overwrite(globalModel, previousMask);
  }

  /** w_exp after the round: w_t^k off the final mask, w̃_exp on it. */
  send(localModel: Float32Array, mask: CoordinateSet): void {
    this.#overwrite(localModel, mask);
  }

  #overwrite(model: Float32Array, encrypted: CoordinateSet): void {
    for (let at = 0; at < encrypted.length; at++)
      if (encrypted[at] === 0) this.values[at] = model[at] as number;
  }
}
