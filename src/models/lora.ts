import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { RandomStream } from '../engine/random.ts';
import { tf } from '../engine/tensors.ts';
import { type ParameterEntry, ParameterLayout } from './layout.ts';
import type { Model } from './model.ts';

export interface LoraSettings {
  /** r. */
  readonly rank: number;
  /** α; absent: r, so that adapters count as they are. */
  readonly alpha?: number;
}

/**
 * A model whose parameters are frozen at their initial values, and whose dense and convolutional
 * weights get a low-rank adapter each: W' = W + α/r · A B, A [inputs of one output, r], B [r, outputs].
 * Its parameter vector is that of the adapters alone: r · (inputs + outputs) per weight. B starts at 0,
 * so that the adapted model starts as the base. The buffers of batch norm, which no gradient moves, stay
 * part of the vector; biases and other vectors are frozen.
 *
 * Source: Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models", §4.1. A convolution is
 * adapted as the matrix [height · width · in, out], as PEFT does; loralib has r · height rows instead.
 *
 * @param random draws the frozen parameters, which every party of the federation knows
 * @throws {RangeError} when the rank is no positive whole number
 */
export function lora(
  base: Model,
  { rank, alpha = rank }: LoraSettings,
  random: RandomStream,
): Model {
  if (!Number.isInteger(rank) || rank < 1)
    throw new RangeError(`LoRA of rank ${rank}; ranks are whole numbers from 1`);
  const frozen = base.initialize(random.derive('frozen-base'));
  const { entries } = base.layout;
  const adapted = entries.filter(isMatrix);
  const buffers = entries.filter(({ kind }) => kind === 'buffer');
  const adapters = adapted.flatMap(({ name, shape, layer }) => {
    const { inputs, outputs } = matrixOf(shape);
    return [
      { name: `${name}.lora-a`, shape: [inputs, rank], kind: 'weight', layer },
      { name: `${name}.lora-b`, shape: [rank, outputs], kind: 'weight', layer },
    ] as const;
  });
  const layout = new ParameterLayout([...adapters, ...buffers]);

  function merged(parameters: readonly Tensor[]): Tensor[] {
    const weights = base.layout.split(frozen).map(({ shape, data }) => tf.tensor(data, [...shape]));
    adapted.forEach((entry, at) => {
      const change = tf.matMul(parameters[2 * at] as Tensor2D, parameters[2 * at + 1] as Tensor2D);
      const position = entries.indexOf(entry);
      weights[position] = tf.add(
        weights[position] as Tensor,
        tf.reshape(tf.mul(change, alpha / rank), [...entry.shape]),
      );
    });
    buffers.forEach((entry, at) => {
      weights[entries.indexOf(entry)] = parameters[adapters.length + at] as Tensor;
    });
    return weights;
  }

  const { trainingPass, language } = base;
  return {
    id: `${base.id}+lora-${rank}`,
    title: `${base.title}, LoRA adapters of rank ${rank}`,
    source: `${base.source}; adapted by Hu et al. 2022, "LoRA", §4.1`,
    inputShape: base.inputShape,
    classes: base.classes,
    layout,
    initialize(stream) {
      const flat = new Float32Array(layout.size);
      for (const { name, offset, size, shape, kind } of layout.entries) {
        if (kind === 'buffer') {
          const { offset: from } = base.layout.entry(name);
          flat.set(frozen.subarray(from, from + size), offset);
        } else if (name.endsWith('.lora-a')) {
          const bound = 1 / Math.sqrt(shape[0] as number);
          for (let at = offset; at < offset + size; at++)
            flat[at] = bound * (2 * stream.uniform() - 1);
        }
      }
      return flat;
    },
    logits: (parameters, inputs) => base.logits(merged(parameters), inputs),
    ...(trainingPass && {
      trainingPass: (parameters, inputs, present) =>
        trainingPass(merged(parameters), inputs, present),
    }),
    ...(language && {
      language: {
        ...language,
        losses: (parameters, inputs, targets) =>
          language.losses(merged(parameters), inputs, targets),
        mixtureLosses: (parameters, texts) => language.mixtureLosses(merged(parameters), texts),
        attention: language.attention.map(({ projection, inputs }) => ({
          projection,
          inputs: (parameters, tokens) => inputs(merged(parameters), tokens),
        })),
      },
    }),
  };
}

/** Parameters of adapters of that rank: r · (inputs + outputs) per dense or convolutional weight. */
export function loraSize(layout: ParameterLayout, rank: number): number {
  return layout.entries.filter(isMatrix).reduce((sum, { shape }) => {
    const { inputs, outputs } = matrixOf(shape);
    return sum + rank * (inputs + outputs);
  }, 0);
}

function isMatrix({ kind, shape }: ParameterEntry): boolean {
  return kind === 'weight' && shape.length > 1;
}

function matrixOf(shape: readonly number[]) {
  const outputs = shape.at(-1) as number;
  const inputs = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return { inputs, outputs };
}
