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
  /** p_k, its part in the mean, where clients don't count by their samples. */
  readonly weight?: number;
  /** Coordinates the client proposed to encrypt, most wanted first; absent where it proposes none. */
  readonly proposal?: Uint32Array;
  /** What the client encrypted, 1 = encrypted, where it isn't the round's mask. */
  readonly mask?: CoordinateSet;
  /** The coordinates that travelled, in plaintext or encrypted, where not all did. */
  readonly sent?: CoordinateSet;
  /** w_t^k on the coordinates that were sent in plaintext. */
  readonly weights: PartialVector;
  /**
   * What the client started from, where that isn't the round's global model (`rest: kept`). For the
   * oracle alone.
   */
  readonly start?: PartialVector;
  readonly ciphertexts: { readonly count: number; readonly bytes: number };
}

export interface RoundView {
  /** Counted from 1. */
  readonly round: number;
  /** w_{t-1}, sent to the clients at the start, as far as the protocol gives it to the server. */
  readonly globalModel: PartialVector;
  /** m̄, 1 = encrypted. */
  readonly mask: CoordinateSet;
  /** Of the clients whose upload arrived, in order of selection. */
  readonly transmissions: readonly Transmission[];
  /** Clients of the round that fell out. */
  readonly dropouts?: readonly Dropout[];
  /** How the aggregate was opened; absent: nothing was encrypted, or nobody could open it. */
  readonly opening?: Opening;
  /** Whether there is no new global model; the clients keep the old one. */
  readonly lost?: true;
  /** Key setup `per-client`: consecutive parts of the masked coordinates and whose key encrypts each. */
  readonly blocks?: readonly { readonly client: number; readonly length: number }[];
}

/** A client that took part in a round and then fell out. */
export interface Dropout {
  readonly client: number;
  readonly stage: 'before-upload' | 'after-upload' | 'before-decryption';
}

export interface Opening {
  /** Clients that contributed; for keys that one client holds, the one that decrypted for the server. */
  readonly openers: readonly number[];
  /** Whether the server got partial decryptions, and with or without flooding noise. */
  readonly partialDecryptions: 'none' | 'flooded' | 'unflooded';
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
    /** μ of FedProx; absent: plain SGD. */
    readonly proximal?: number;
  };
  readonly encryption: {
    readonly parameterSet: ParameterSetId;
    readonly keySetup: KeySetupId;
    /** t, of a threshold key. */
    readonly threshold?: number;
    /** Of partial decryptions, where there are any. */
    readonly flooding?: boolean;
  };
  /** What becomes of coordinates off the mask; absent: they are sent in plaintext. */
  readonly rest?: 'zero' | 'kept';
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
  /** Clients that collude with the server; only in a view that they opened. */
  readonly colluders?: readonly number[];
}
