import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../engine/tensors.ts';

/**
 * Mean cross-entropy of softmax(logits), a scalar; stable for any logits, differentiable to any
 * order.
 *
 * @param logits [batch, classes]
 * @param targets class indices (int32 [batch]), or probabilities per class (float32
 *   [batch, classes]: one-hot, or soft labels that are optimised themselves)
 * @param sampleWeights [batch]; the mean becomes Σ weight · loss / Σ weight, so that a weight of 0
 *   takes a sample out of an incomplete batch
 */
export function crossEntropy(logits: Tensor, targets: Tensor, sampleWeights?: Tensor): Tensor {
  const losses = crossEntropies(logits, targets);
  if (!sampleWeights) return tf.mean(losses);
  return tf.div(tf.sum(tf.mul(losses, sampleWeights)), tf.sum(sampleWeights));
}

/** Cross-entropy of every sample, [batch]; arguments as in {@link crossEntropy}. */
export function crossEntropies(logits: Tensor, targets: Tensor): Tensor {
  const classes = logits.shape[1] as number;
  const probabilities =
    targets.rank === 1 ? tf.cast(tf.oneHot(targets, classes), 'float32') : targets;
  return tf.neg(tf.sum(tf.mul(probabilities, tf.logSoftmax(logits)), 1));
}
