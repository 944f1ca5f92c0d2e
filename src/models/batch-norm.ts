import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../engine/tensors.ts';
import type { ParameterEntry } from './layout.ts';

/** Scale γ, shift β, running mean, running variance and number of batches seen of one layer. */
export type BatchNormTensors = readonly [Tensor, Tensor, Tensor, Tensor, Tensor];

export interface BatchNormPass {
  readonly output: Tensor;
  /** The three buffers' next values. */
  readonly buffers: readonly [mean: Tensor, variance: Tensor, batches: Tensor];
}

/** Added to variances (PyTorch's default). */
const EPSILON = 1e-5;
/** Share of a running statistic that a batch replaces (PyTorch's default). */
const MOMENTUM = 0.1;

/** A layer's entries, in the order of PyTorch's state dictionary. */
export function batchNormEntries(
  name: string,
  channels: number,
  layer: number,
): Omit<ParameterEntry, 'offset' | 'size'>[] {
  const shape = [channels];
  return [
    { name: `${name}.weight`, shape, kind: 'weight', layer },
    { name: `${name}.bias`, shape, kind: 'bias', layer },
    { name: `${name}.running_mean`, shape, kind: 'buffer', layer },
    { name: `${name}.running_var`, shape, kind: 'buffer', layer },
    { name: `${name}.num_batches_tracked`, shape: [], kind: 'buffer', layer },
  ];
}

/** Normalises each channel by its running statistics. x: [batch, height, width, channels]. */
export function batchNorm(x: Tensor, [scale, shift, mean, variance]: BatchNormTensors): Tensor {
  return normalise(x, mean, variance, scale, shift);
}

/**
 * Normalises each channel by its mean and (biased) variance in the batch, and moves the running
 * statistics towards them, the variance in its unbiased form (Ioffe and Szegedy 2015, Algorithms 1
 * and 2; momentum and constants as in PyTorch).
 *
 * @param x [batch, height, width, channels]
 * @param present [batch], 1 for a sample, 0 for padding, which counts in no statistic
 */
export function batchNormInTraining(
  x: Tensor,
  [scale, shift, runningMean, runningVariance, batches]: BatchNormTensors,
  present: Tensor,
): BatchNormPass {
  const [, height, width] = x.shape as [number, number, number, number];
  const weights = tf.reshape(present, [-1, 1]);
  const count = tf.mul(tf.sum(present), height * width);
  // Weighted per sample and channel, not per pixel: a pass over all values less.
  const meanOf = (values: Tensor) =>
    tf.div(tf.sum(tf.mul(tf.sum(values, [1, 2]), weights), 0), count);
  const mean = meanOf(x);
  const variance = meanOf(tf.square(tf.sub(x, mean)));
  const unbiased = tf.mul(variance, tf.div(count, tf.maximum(tf.sub(count, 1), 1)));
  const moved = (running: Tensor, batch: Tensor) =>
    tf.add(tf.mul(running, 1 - MOMENTUM), tf.mul(batch, MOMENTUM));
  return {
    output: normalise(x, mean, variance, scale, shift),
    buffers: [moved(runningMean, mean), moved(runningVariance, unbiased), tf.add(batches, 1)],
  };
}

function normalise(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  scale: Tensor,
  shift: Tensor,
): Tensor {
  const factor = tf.div(scale, tf.sqrt(tf.add(variance, EPSILON)));
  return tf.add(tf.mul(tf.sub(x, mean), factor), shift);
}
