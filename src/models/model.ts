import type { Tensor } from '@tensorflow/tfjs-core';
import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from './layout.ts';

/** A classifier: an architecture over a flat parameter vector. */
export interface Model {
  /** `lenet-5`, `mlp-2fc`, `dlg-lenet`. */
  readonly id: string;
  readonly title: string;
  /** Paper and section the architecture is taken from. */
  readonly source: string;
  /** Shape of one input, NHWC without N for images ([28, 28, 1]), [features] for tables. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly layout: ParameterLayout;
  /** Fresh parameters, [layout.size]. */
  initialize(random: RandomStream): Float32Array;
  /**
   * Logits [batch, classes] of `inputs` [batch, ...inputShape], under parameters given as tensors in
   * layout order, every sample for itself. Pure tfjs operations, differentiable to any order.
   */
  logits(parameters: readonly Tensor[], inputs: Tensor): Tensor;
  /**
   * The forward pass in training, where it is another one: batch norm then normalises by the batch's
   * own statistics and moves its running ones. Models without buffers have none.
   *
   * @param present [batch], 1 for a sample and 0 for the padding of an incomplete batch, which counts
   *   in no statistic
   */
  trainingPass?(parameters: readonly Tensor[], inputs: Tensor, present: Tensor): TrainingPass;
  /**
   * Where the model is a language model: an input is a sequence of token numbers, its class the token
   * that follows, `logits` the prediction of that token.
   */
  readonly language?: LanguageModelling;
  /** Buffers that hold the values of another tensor after every step of training. */
  readonly copies?: readonly { readonly copy: string; readonly of: string }[];
}

/** What language models have besides: they learn and are judged by every token of a sequence. */
export interface LanguageModelling {
  /**
   * −ln p of a sequence's tokens given those before, the mean over all but the first, times the
   * sequence's weight; [batch]. Linear in the targets, and differentiable to any order.
   *
   * @param inputs [batch, length], token numbers
   * @param targets [batch, classes]: the sequence's weight at the token that follows, else 0
   */
  losses(parameters: readonly Tensor[], inputs: Tensor, targets: Tensor): Tensor;
  /**
   * The same loss of texts that stand between tokens, [batch]: a position's embedding is the mean of all
   * tokens' by its shares, and its target these shares.
   *
   * @param texts [batch, length + 1, classes]: the input's tokens and the one that follows, as shares
   *   that add up to 1
   */
  mixtureLosses(parameters: readonly Tensor[], texts: Tensor): Tensor;
  /** Self-attention, block by block. */
  readonly attention: readonly AttentionProjection[];
  /**
   * The token embeddings' tensor, [classes, width]: one row per token. Under adapters there is none of
   * that name in the layout.
   */
  readonly embedding: string;
  /** The tensor that turns the last hidden state into logits, [classes, width]; may be the embedding's. */
  readonly head: string;
}

/** How a block of a transformer makes queries, keys and values. */
export interface AttentionProjection {
  /** The tensor, [width, 3 · width]. Under adapters there is none of that name in the layout. */
  readonly projection: string;
  /** What is multiplied with it, one row per token: [batch · length, width] of tokens [batch, length]. */
  inputs(parameters: readonly Tensor[], tokens: Tensor): Tensor;
}

export interface TrainingPass {
  /** [batch, classes]. */
  readonly logits: Tensor;
  /** The buffers' next values, in layout order. */
  readonly buffers: readonly Tensor[];
}
