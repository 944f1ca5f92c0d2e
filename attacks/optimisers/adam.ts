import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../src/engine/tensors.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** One Adam step (Kingma & Ba 2015, algorithm 1 in the form that ends its §2). */
export function adamStep(
  { point, mean, square }: { point: Tensor; mean: Tensor; square: Tensor },
  gradient: Tensor,
  stepSize: Tensor,
): { point: Tensor; mean: Tensor; square: Tensor } {
  const nextMean = tf.add(tf.mul(mean, BETA1), tf.mul(gradient, 1 - BETA1));
  const nextSquare = tf.add(tf.mul(square, BETA2), tf.mul(tf.mul(gradient, gradient), 1 - BETA2));
  const move = tf.div(tf.mul(nextMean, stepSize), tf.add(tf.sqrt(nextSquare), EPSILON));
  return { point: tf.sub(point, move), mean: nextMean, square: nextSquare };
}

/** `learningRate` with both bias corrections of step `step`, counted from 0. */
export function adamStepSize(learningRate: number, step: number): number {
  return (learningRate * Math.sqrt(1 - BETA2 ** (step + 1))) / (1 - BETA1 ** (step + 1));
}
