import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from '../models/layout.ts';
import type { CoordinateSet } from '../view/partial-vector.ts';

/** A round as everybody who holds the global model knows it. */
export interface TransformRound {
  readonly round: number;
  readonly layout: ParameterLayout;
  /** w_{t-1}, [N]. */
  readonly globalModel: Float32Array;
}

/** A client after local training, before anything is masked or encrypted. */
export interface TransformedClient extends TransformRound {
  readonly client: number;
  /** w_t^k, [N]. */
  readonly localModel: Float32Array;
  readonly random: RandomStream;
}

/** What a client sends in place of its local model. */
export interface Transformed {
  /** [N]; what is masked, encrypted and averaged in place of w_t^k. */
  readonly values: Float32Array;
  /**
   * The coordinates that travel, 1 = sent; absent: all. Elsewhere `values` equals w_{t-1}, which the
   * receiver has. The server sees this set, whatever is encrypted in it.
   */
  readonly sent?: CoordinateSet;
}

/**
 * What a client does to its update before masking, and everybody to the aggregate: compression,
 * ranking. `S` is what a client remembers between the rounds it takes part in.
 */
export interface UpdateTransform<S = unknown> {
  /** A client's memory before its first round. */
  remember?(layout: ParameterLayout): S;
  transform(client: TransformedClient, memory: S): Transformed;
  /** A model that `values` stand for, as the server can read them; absent: they are one. */
  asModel?(values: Float32Array, round: TransformRound): Float32Array;
  /** w_t from the (weighted) mean of the clients' values; absent: the mean itself. */
  conclude?(mean: Float32Array, round: TransformRound): Float32Array;
}
