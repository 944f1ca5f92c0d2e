import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { tf } from '../src/engine/tensors.ts';

export interface GptSettings {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly time: number;
  readonly vocabulary: number;
}

const PER_LAYER = 10;

/**
 * Token and position embeddings; per layer scale, shift, qkv, projection, scale, shift, up with its
 * bias, down with its bias; last scale and shift. The output shares the token embeddings.
 */
export function gptShapes({ layers, width, time, vocabulary }: GptSettings): number[][] {
  const block = [
    [width],
    [width],
    [width, 3 * width],
    [width, width],
    [width],
    [width],
    [width, 4 * width],
    [4 * width],
    [4 * width, width],
    [width],
  ];
  const blocks = Array.from({ length: layers }, () => block).flat();
  return [[vocabulary, width], [time, width], ...blocks, [width], [width]];
}

/** Logits [batch · time, vocabulary] of a pre-norm GPT with exact GELU (Radford et al. 2019). */
export function gptLogits(settings: GptSettings, w: readonly Tensor[], tokens: Tensor): Tensor {
  const { layers, width, heads, time } = settings;
  const batch = tokens.shape[0] as number;
  const rows = [batch * time, width] as const;
  const dense = (x: Tensor, weight: Tensor) => tf.matMul(x as Tensor2D, weight as Tensor2D);
  const split = (x: Tensor) =>
    tf.transpose(tf.reshape(x, [batch, time, heads, width / heads]), [0, 2, 1, 3]);
  const order = tf.range(0, time, 1, 'int32');
  const isVisible = tf.greaterEqual(tf.reshape(order, [time, 1]), tf.reshape(order, [1, time]));

  const [table, places] = w as [Tensor, Tensor];
  let x = tf.reshape(tf.add(tf.gather(table, tokens), places), [...rows]);
  for (let layer = 0; layer < layers; layer++) {
    const from = 2 + layer * PER_LAYER;
    const [scale1, shift1, qkv, projection, scale2, shift2, up, upBias, down, downBias] = w.slice(
      from,
      from + PER_LAYER,
    ) as Ten<Tensor>;
    const [q, k, v] = tf.split(dense(norm(x, scale1, shift1), qkv), 3, 1).map(split) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(width / heads));
    const weights = tf.softmax(tf.where(isVisible, scores, tf.fill(scores.shape, -1e9)));
    const mixed = tf.reshape(tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]), [...rows]);
    x = tf.add(x, dense(mixed, projection));
    const hidden = gelu(tf.add(dense(norm(x, scale2, shift2), up), upBias));
    x = tf.add(x, tf.add(dense(hidden, down), downBias));
  }
  const out = norm(x, w.at(-2) as Tensor, w.at(-1) as Tensor);
  return tf.matMul(out as Tensor2D, table as Tensor2D, false, true);
}

type Ten<T> = [T, T, T, T, T, T, T, T, T, T];

function norm(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const unit = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(unit, scale), shift);
}

const gelu = (x: Tensor): Tensor =>
  tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
