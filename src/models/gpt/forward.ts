import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/tensors.ts';
import type { GptSize } from './layout.ts';

/** Weight and bias of each part of a block, in layout order. */
const PER_BLOCK = 12;
/** Added to variances. */
const EPSILON = 1e-5;
/** Added to the score of a token that lies ahead: its weight underflows to 0. */
const HIDDEN = -1e9;

/**
 * The last hidden states [batch, length, width] of token numbers [batch, length], length ≤ context.
 * Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners" (GPT-2): layer
 * norm before each part, causal attention, GELU in its tanh form; without dropout.
 *
 * @param parameters in layout order
 */
export function hiddenStates(size: GptSize, parameters: readonly Tensor[], tokens: Tensor): Tensor {
  return statesOf(size, parameters, embeddingsOf(parameters, tokens));
}

/** The token embeddings [batch, length, width] of token numbers [batch, length]. */
export function embeddingsOf([embeddings]: readonly Tensor[], tokens: Tensor): Tensor {
  return tf.gather(embeddings as Tensor, tf.cast(tokens, 'int32'));
}

/** As `hiddenStates`, of what stands in the tokens' place, [batch, length, width]. */
export function statesOf(size: GptSize, parameters: readonly Tensor[], embedded: Tensor): Tensor {
  const x = throughBlocks(size, parameters, embedded, size.blocks);
  const [scale, shift] = parameters.slice(2 + size.blocks * PER_BLOCK) as [Tensor, Tensor];
  return tf.reshape(layerNorm(x, scale, shift), embedded.shape);
}

/**
 * What a block's projection to queries, keys and values is multiplied with, [batch · length, width], of
 * token numbers [batch, length].
 */
export function projectedStates(
  size: GptSize,
  parameters: readonly Tensor[],
  tokens: Tensor,
  block: number,
): Tensor {
  const x = throughBlocks(size, parameters, embeddingsOf(parameters, tokens), block);
  const [scale, shift] = parameters.slice(2 + block * PER_BLOCK) as [Tensor, Tensor];
  return layerNorm(x, scale, shift);
}

/** Rows [batch · length, width] after the first `blocks` blocks. */
function throughBlocks(
  { heads, width }: GptSize,
  parameters: readonly Tensor[],
  embedded: Tensor,
  blocks: number,
): Tensor {
  const [batch, length] = embedded.shape as [number, number, number];
  const placed = tf.slice(parameters[1] as Tensor, [0, 0], [length, width]);
  // Rows from here on: every part but attention treats tokens alone.
  let x: Tensor = tf.reshape(tf.add(embedded, placed), [batch * length, width]);
  const attend = causalAttention({ batch, length, heads, width });
  for (let block = 0; block < blocks; block++) {
    const first = 2 + block * PER_BLOCK;
    const [s1, b1, wQkv, bQkv, wOut, bOut, s2, b2, wUp, bUp, wDown, bDown] = parameters.slice(
      first,
      first + PER_BLOCK,
    ) as Twelve<Tensor>;
    const mixed = attend(linear(layerNorm(x, s1, b1), wQkv, bQkv));
    x = tf.add(x, linear(mixed, wOut, bOut));
    const hidden = gelu(linear(layerNorm(x, s2, b2), wUp, bUp));
    x = tf.add(x, linear(hidden, wDown, bDown));
  }
  return x;
}

type Twelve<T> = [T, T, T, T, T, T, T, T, T, T, T, T];

/** Queries, keys and values [rows, 3 · width] to what each token takes from itself and those before. */
function causalAttention(shape: {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly width: number;
}) {
  const { batch, length, heads, width } = shape;
  const perHead = width / heads;
  const ahead = Float32Array.from({ length: length * length }, (_, at) =>
    at % length > Math.floor(at / length) ? HIDDEN : 0,
  );
  const mask = tf.tensor(ahead, [length, length]);
  return (qkv: Tensor): Tensor => {
    const [q, k, v] = [0, 1, 2].map((part) => {
      const rows = tf.slice(qkv, [0, part * width], [batch * length, width]);
      return tf.transpose(tf.reshape(rows, [batch, length, heads, perHead]), [0, 2, 1, 3]);
    }) as [Tensor, Tensor, Tensor];
    const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(perHead));
    const mixed = tf.matMul(tf.softmax(tf.add(scores, mask)), v);
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * length, width]);
  };
}

function linear(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  return tf.add(tf.matMul(x as Tensor2D, weight as Tensor2D), bias);
}

/** Rows brought to mean 0 and (biased) variance 1, then scaled and shifted. */
function layerNorm(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const variance = tf.mean(tf.mul(centred, centred), 1, true);
  return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, EPSILON))), scale), shift);
}

/** ½ x (1 + tanh(√(2/π) (x + .044715 x³))); Hendrycks and Gimpel 2016, as GPT-2 has it. */
function gelu(x: Tensor): Tensor {
  const cubic = tf.mul(tf.mul(tf.mul(x, x), x), 0.044715);
  const inner = tf.mul(tf.add(x, cubic), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}
