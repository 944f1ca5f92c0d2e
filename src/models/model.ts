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
}

export interface TrainingPass {
  /** [batch, classes]. */
  readonly logits: Tensor;
  /** The buffers' next values, in layout order. */
  readonly buffers: readonly Tensor[];
}
