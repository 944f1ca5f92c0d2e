import type { KeySetupId, ParameterSetId } from '../crypto/scheme.ts';
import type { CoordinateSet, PartialVector } from './partial-vector.ts';

/** What one client sent in one round, as the server received it. */
export interface Transmission {
  readonly client: number;
  /** |D^k|, reported for weighting. */
  readonly samples: number;
  /** Local steps and batch follow from the public hyper-parameters; written out for convenience. */
  readonly localSteps: number;
  readonly batchSize: number;
  /** Coordinates the client proposed to encrypt, most wanted first; absent where it proposes none. */
  readonly proposal?: Uint32Array;
  /** w_t^k on the coordinates that were sent in plaintext. */
  readonly weights: PartialVector;
  readonly ciphertexts: { readonly count: number; readonly bytes: number };
}

export interface RoundView {
  /** Counted from 1. */
  readonly round: number;
  /** w_{t-1}, sent to the clients at the start, as far as the protocol gives it to the server. */
  readonly globalModel: PartialVector;
  /** m̄, 1 = encrypted. */
  readonly mask: CoordinateSet;
  readonly transmissions: readonly Transmission[];
}

/**
 * Everything an honest-but-curious server has seen of one federation, and nothing else: encrypted
 * coordinates are absent, not zero.
 */
export interface ServerView {
  /** `Model.id`; the architecture is public. */
  readonly model: string;
  /** N, the length of the exchanged vector. */
  readonly size: number;
  readonly hyper: {
    readonly learningRate: number;
    readonly localEpochs: number;
    readonly batchSize: number;
  };
  readonly encryption: { readonly parameterSet: ParameterSetId; readonly keySetup: KeySetupId };
  /**
   * What the protocol gives the server of each new global model: its plaintext coordinates, or all
   * of it (MaskCrypt §3.3: decrypted values return to the server).
   */
  readonly serverLearns: 'plain-part' | 'aggregate';
  /** w_0; public. */
  readonly initialModel: Float32Array;
  readonly rounds: readonly RoundView[];
  /** The global model after the last round, as far as the protocol gives it. */
  readonly finalModel: PartialVector;
}
