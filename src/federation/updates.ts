/** What one client has after its local training, before anything is masked or encrypted. */
export interface ClientUpdate {
  readonly client: number;
  /** |D^k|. */
  readonly samples: number;
  readonly localSteps: number;
  readonly batchSize: number;
  /** w_t^k, [N]. */
  readonly localModel: Float32Array;
  readonly trainSeconds: number;
  /** ∇L(w_t^k, D^k) over the full local set, [N], and what computing it took. */
  gradient(): Promise<MeasuredGradient>;
}

export interface MeasuredGradient {
  readonly values: Float32Array;
  readonly seconds: number;
}

/** Where the protocol gets the clients' updates from: a recorded trajectory, or live training. */
export interface UpdateSource {
  /** w_0. */
  readonly initialModel: Float32Array;
  /** The round's clients in order of selection, each trained from `globalModel` = w_{t-1}. */
  clients(round: number, globalModel: Float32Array): Promise<readonly ClientUpdate[]>;
  /** w_t as the next round's clients start from it, given the decrypted aggregate of this one. */
  nextModel(round: number, aggregate: Float32Array): Float32Array;
}

/**
 * What a client can compute of any model, weights [N], over its own full local set. Vectors are [N], 0
 * at buffers.
 */
export interface ClientComputations {
  /** ∇L(w, D^k) of the mean cross-entropy. */
  gradient(weights: Float32Array): Promise<Float32Array>;
  /** S_m = 1/K Σ_k |∂/∂y_k (∂ℓ/∂w_m)| (FedML-HE §2.4). */
  sensitivity(weights: Float32Array): Promise<Float32Array>;
  /** Mean over the samples of |∂ℓ_k/∂w_m|. */
  meanAbsoluteGradient(weights: Float32Array): Promise<Float32Array>;
  /** H·g of the mean cross-entropy (GraSP). */
  hessianGradient(weights: Float32Array): Promise<Float32Array>;
  /** Mean cross-entropy. */
  loss(weights: Float32Array): Promise<number>;
}
