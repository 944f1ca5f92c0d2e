import type { LocalData } from './local-data.ts';

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
  /**
   * The round's clients in order of selection, probes last, each trained from `globalModel` = w_{t-1}.
   * @param startOf where clients differ in what they start from
   */
  clients(
    round: number,
    globalModel: Float32Array,
    startOf?: (client: number) => Float32Array,
  ): Promise<readonly ClientUpdate[]>;
  /** w_t as the next round's clients start from it, given the decrypted aggregate of this one. */
  nextModel(round: number, aggregate: Float32Array): Float32Array;
  readonly data: LocalData;
}
