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
   * layout order. Pure tfjs operations, differentiable to any order.
   */
  logits(parameters: readonly Tensor[], inputs: Tensor): Tensor;
}
