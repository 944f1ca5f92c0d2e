import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from '../models/layout.ts';
import type { CoordinateSet } from '../view/partial-vector.ts';

/**
 * A client at the moment it decides what it wants encrypted: after local training, or before the
 * first round, when the global and the local model are both w_0. Its computations are over its own
 * full local set, at its local model unless weights are given.
 */
export interface ProposingClient {
  readonly client: number;
  /** Counted from 1; 0 before training. */
  readonly round: number;
  readonly layout: ParameterLayout;
  /** w_{t-1}, as the client received it (decrypted) at the start of the round. */
  readonly globalModel: Float32Array;
  /** Encryption mask of the previous round, 1 = encrypted; all 0 in round 1. */
  readonly previousMask: CoordinateSet;
  /** w_t^k. */
  readonly localModel: Float32Array;
  /** ∇L(w_t^k, D^k), [N]. */
  gradient(): Promise<Float32Array>;
  /** FedML-HE's sensitivity S_m = 1/K Σ_k |∂/∂y_k (∂ℓ/∂w_m)|, [N]. */
  sensitivity(): Promise<Float32Array>;
  /** Mean over the samples of |∂ℓ_k/∂w_m|, [N]. */
  meanAbsoluteGradient(): Promise<Float32Array>;
  /** H·g of the mean loss, with H its Hessian and g its gradient (GraSP), [N]. */
  hessianGradient(): Promise<Float32Array>;
  /** Mean cross-entropy of any model, weights [N]. */
  loss(weights: Float32Array): Promise<number>;
  readonly random: RandomStream;
}

/** What the mask is decided from. */
export interface MaskRound {
  /** Counted from 1; 0 before training. */
  readonly round: number;
  /** N. */
  readonly size: number;
  readonly layout: ParameterLayout;
  /** w_{t-1}; w_0 before training. */
  readonly globalModel: Float32Array;
  /** One per ordinary client that takes part, in order of selection; empty where clients propose nothing. */
  readonly proposals: readonly Uint32Array[];
  readonly random: RandomStream;
}

/**
 * How a defense chooses the coordinates it encrypts. `M` is what a client remembers between rounds
 * (MaskCrypt: its exposed weights).
 *
 * One of three ways: `agree` (with or without `propose`): the server decides from what clients
 * propose; `score` and `select`: clients decide from scores aggregated under encryption; `propose`
 * with `individual`: every client has a mask of its own. Probe clients never vote: consensus and
 * scores are those of ordinary clients.
 */
export interface MaskPolicy<P, M> {
  /**
   * `before-training`: agreed on w_0 by all ordinary clients, once (FedML-HE, GraSP); `once`: the mask
   * agreed in the first round is kept for all others.
   */
  when(params: P): 'before-training' | 'once' | 'every-round';
  /** A client's memory before its first round; w_0 is given. */
  remember?(initialModel: Float32Array): M;
  /** Coordinates the client wants encrypted, most wanted first. Absent: clients propose nothing. */
  propose?(client: ProposingClient, memory: M, params: P): Promise<Uint32Array>;
  /** How a proposal travels: as an ordered list (the default), or a bitmap where order says nothing. */
  readonly proposalFormat?: ProposalFormat;
  /** The final mask m̄ of the round, 1 = encrypted. */
  agree?(round: MaskRound, params: P): CoordinateSet;
  /**
   * Scores [N] that travel encrypted under the defense's keys. The server sums them homomorphically
   * with the aggregation weights α_i; it never reads them.
   */
  score?(client: ProposingClient, params: P): Promise<Float32Array>;
  /** The mask that clients select from the decrypted aggregate of their scores. */
  select?(scores: Float32Array, round: MaskRound, params: P): CoordinateSet;
  /**
   * Every client encrypts exactly what it proposes, and the aggregate is encrypted wherever anybody
   * encrypted (MaskCrypt §3.1, individual masking; FedPHE's packs).
   */
  individual?(params: P): boolean;
  /** Updates the client's memory once the final mask is known. */
  conclude?(client: ProposingClient, mask: CoordinateSet, memory: M, params: P): void;
}

/** `packs`: a bitmap with one bit per so many consecutive coordinates. */
export type ProposalFormat = 'ordered-list' | 'bitmap' | { readonly packs: number };
