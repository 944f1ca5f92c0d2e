/**
 * The answers. Sealed: attacks can't import this file (lint rule), and the runner hands it to
 * metrics only.
 */
export interface GroundTruth {
  readonly membership: readonly {
    readonly client: number;
    readonly round: number;
    /** 1 where the candidate is in the client's local set; same order as the candidates. */
    readonly members: Uint8Array;
    readonly labels: Int32Array;
    /** Which samples of the data set the candidates are: victims may share non-members. */
    readonly samples?: Uint32Array;
  }[];
  readonly reconstruction: readonly {
    readonly client: number;
    readonly round: number;
    readonly inputShape: readonly number[];
    /** The probe client's images, [samples, ...inputShape], pixels in [0, 1]. */
    readonly images: Float32Array;
    readonly labels: Int32Array;
    /** Of an aggregate: the client that each image belongs to. */
    readonly owners?: Int32Array;
  }[];
  /** Mean image of the attacker's own data: the best guess without any view. */
  readonly meanImage: Float32Array;
  /** Held-out images nobody trained on, [count, ...inputShape], among which a reconstruction is to be recognised. */
  readonly distractors: Float32Array;
}
