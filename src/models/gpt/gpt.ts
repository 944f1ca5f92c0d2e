import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { RandomStream } from '../../engine/random.ts';
import { tf } from '../../engine/tensors.ts';
import type { ParameterLayout } from '../layout.ts';
import { crossEntropies } from '../loss.ts';
import type { Model } from '../model.ts';
import { embeddingsOf, hiddenStates, projectedStates, statesOf } from './forward.ts';
import { type GptHead, type GptSize, gptLayout } from './layout.ts';

export interface GptSettings extends GptSize {
  readonly id: string;
  readonly title: string;
  readonly head: GptHead;
}

/**
 * GPT-2 of any size: from `context` tokens it predicts the one that follows.
 *
 * @throws {RangeError} when the width is no multiple of the heads
 */
export function gpt(settings: GptSettings): Model {
  const { id, title, head, width, heads, context, vocabulary, blocks } = settings;
  if (width % heads !== 0)
    throw new RangeError(`${heads} attention heads can't share a width of ${width}`);
  const layout = gptLayout(settings, head);
  const headName = head === 'untied' ? 'lm_head.weight' : 'transformer.wte.weight';
  const headAt = layout.entries.findIndex(({ name }) => name === headName);
  const copies =
    head === 'duplicated' ? [{ copy: 'lm_head.weight', of: 'transformer.wte.weight' }] : [];
  const logitsOf = (parameters: readonly Tensor[], rows: Tensor) =>
    tf.matMul(rows as Tensor2D, parameters[headAt] as Tensor2D, false, true);
  return {
    id,
    title,
    source:
      'Radford et al. 2019, "Language Models are Unsupervised Multitask Learners" (GPT-2); MaskCrypt (TDSC 2024) §6.3',
    inputShape: [context],
    classes: vocabulary,
    layout,
    ...(copies.length > 0 ? { copies } : {}),
    initialize: (random) => initialParameters(layout, blocks, head, random),
    logits(parameters, inputs) {
      const states = hiddenStates(settings, parameters, inputs);
      const [batch, length] = inputs.shape as [number, number];
      const last = tf.slice(states, [0, length - 1, 0], [batch, 1, width]);
      return logitsOf(parameters, tf.reshape(last, [batch, width]));
    },
    language: {
      embedding: 'transformer.wte.weight',
      head: headName,
      losses: (parameters, inputs, targets) =>
        lossesOf(parameters, embeddingsOf(parameters, inputs), targetsOfAll(inputs, targets)),
      mixtureLosses(parameters, texts) {
        const [batch, length] = texts.shape as [number, number, number];
        const part = (from: number) =>
          tf.slice(texts, [0, from, 0], [batch, length - 1, vocabulary]);
        const shares = tf.reshape(part(0), [-1, vocabulary]) as Tensor2D;
        const mixed = tf.matMul(shares, parameters[0] as Tensor2D);
        return lossesOf(parameters, tf.reshape(mixed, [batch, length - 1, width]), part(1));
      },
      attention: Array.from({ length: blocks }, (_, block) => ({
        projection: `transformer.h.${block}.attn.c_attn.weight`,
        inputs: (parameters, tokens) => projectedStates(settings, parameters, tokens, block),
      })),
    },
  };

  /** Mean over the positions, [batch]; embedded [batch, length, width], targets [batch, length, classes]. */
  function lossesOf(parameters: readonly Tensor[], embedded: Tensor, targets: Tensor): Tensor {
    const [batch, length] = embedded.shape as [number, number, number];
    const rows = tf.reshape(statesOf(settings, parameters, embedded), [-1, width]);
    const losses = crossEntropies(
      logitsOf(parameters, rows),
      tf.reshape(targets, [batch * length, vocabulary]),
    );
    return tf.div(tf.sum(tf.reshape(losses, [batch, length]), 1), length);
  }
}

/**
 * What each position is to predict, [batch, length, classes]: the next input, and at the last position
 * the target; all with the sequence's weight.
 */
function targetsOfAll(inputs: Tensor, targets: Tensor): Tensor {
  const [batch, length] = inputs.shape as [number, number];
  const classes = targets.shape[1] as number;
  const last = tf.reshape(targets, [batch, 1, classes]);
  if (length === 1) return last;
  const following = tf.cast(tf.slice(inputs, [0, 1], [batch, length - 1]), 'int32');
  const weights = tf.reshape(tf.sum(targets, 1), [batch, 1, 1]);
  const oneHot = tf.cast(tf.oneHot(following, classes), 'float32');
  return tf.concat([tf.mul(oneHot, weights), last], 1);
}

/** Standard deviation of the initial weights. */
const DEVIATION = 0.02;

/**
 * As GPT-2: weights N(0, .02²), those that write into the residual stream divided by √(2 · blocks),
 * biases 0, layer norms the identity.
 */
function initialParameters(
  layout: ParameterLayout,
  blocks: number,
  head: GptHead,
  random: RandomStream,
): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const { name, shape, kind, offset, size } of layout.entries) {
    const values = flat.subarray(offset, offset + size);
    if (kind === 'bias') continue;
    if (shape.length === 1) {
      values.fill(1);
      continue;
    }
    const isResidual = name.endsWith('.c_proj.weight');
    const deviation = DEVIATION / (isResidual ? Math.sqrt(2 * blocks) : 1);
    for (let at = 0; at < size; at++) values[at] = deviation * random.normal();
  }
  if (head === 'duplicated') {
    const { offset, size } = layout.entry('transformer.wte.weight');
    flat.copyWithin(layout.entry('lm_head.weight').offset, offset, offset + size);
  }
  return flat;
}
