import type { KeySetupId, ParameterSetId } from '../crypto/scheme.ts';
import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from '../models/layout.ts';
import type { CoordinateSet } from '../view/partial-vector.ts';
import type { Meta } from './meta.ts';

/** A client at the moment it decides what it wants encrypted: after local training. */
export interface ProposingClient {
  readonly client: number;
  readonly round: number;
  readonly layout: ParameterLayout;
  /** w_{t-1}, as sent by the server at the start of the round (decrypted by the client). */
  readonly globalModel: Float32Array;
  /** Encryption mask of the previous round, 1 = encrypted; all 0 in round 1. */
  readonly previousMask: CoordinateSet;
  /** w_t^k. */
  readonly localModel: Float32Array;
  /** ∇L(w_t^k, D^k) over the client's full local set, [N]. */
  gradient(): Promise<Float32Array>;
  readonly random: RandomStream;
}

/** What the server decides the final mask from. */
export interface MaskRound {
  readonly round: number;
  /** N. */
  readonly size: number;
  readonly layout: ParameterLayout;
  /** One per participating client, in order of selection; empty where clients propose nothing. */
  readonly proposals: readonly Uint32Array[];
  readonly random: RandomStream;
}

/**
 * How a defense chooses the coordinates it encrypts. `M` is what a client remembers between rounds
 * (MaskCrypt: its exposed weights).
 */
export interface MaskPolicy<P, M> {
  /** `once`: the mask agreed in the first round is kept for all others. */
  when(params: P): 'once' | 'every-round';
  /** A client's memory before its first round; w_0 is given. */
  remember?(initialModel: Float32Array): M;
  /** Coordinates the client wants encrypted, most wanted first. Absent: clients propose nothing. */
  propose?(client: ProposingClient, memory: M, params: P): Promise<Uint32Array>;
  /** The final mask m̄ of the round, 1 = encrypted. */
  agree(round: MaskRound, params: P): CoordinateSet;
  /** Updates the client's memory once the final mask is known. */
  conclude?(client: ProposingClient, mask: CoordinateSet, memory: M, params: P): void;
}

/** A masking defense, declared; the protocol loop carries it out. */
export interface Defense<P, M = unknown> {
  readonly meta: Meta<P>;
  readonly keys: KeySetupId;
  readonly scheme: ParameterSetId;
  readonly mask: MaskPolicy<P, M>;
  /** What the protocol gives the server of each new global model. */
  serverLearns(params: P): 'plain-part' | 'aggregate';
  /**
   * The encrypt ratio asked for, 0 … 1; the realised one is measured. Absent where the mask follows
   * from something else (whole layers, a threshold).
   */
  targetRatio?(params: P): number;
  /** Chooses coordinates without looking at them: what other masks of its ratio are compared with. */
  readonly control?: true;
}

/** Types a defense's parameters from its schema; returns it unchanged. */
export function defineDefense<P, M = undefined>(defense: Defense<P, M>): Defense<P, M> {
  return defense;
}
