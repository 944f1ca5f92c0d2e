import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../engine/tensors.ts';
import { withTensorsFromInside } from '../engine/tensors-from-inside.ts';
import { crossEntropies, crossEntropy } from './loss.ts';
import type { Model } from './model.ts';

/** Loss of a batch as a function of all parameters; the samples' weights are in the targets. */
export function batchLoss(model: Model, inputs: Tensor, targets: Tensor) {
  return (parameters: readonly Tensor[]): Tensor =>
    tf.sum(sampleLosses(model, parameters, inputs, targets));
}

/** Mean loss of samples with class numbers [batch], a scalar: the one clients train by. */
export function labelledLoss(
  model: Model,
  parameters: readonly Tensor[],
  inputs: Tensor,
  labels: Tensor,
): Tensor {
  const { language, classes } = model;
  if (!language) return crossEntropy(model.logits(parameters, inputs), labels);
  const targets = tf.cast(tf.oneHot(labels, classes), 'float32');
  return tf.mean(language.losses(parameters, inputs, targets));
}

/** Cross-entropy of every sample times its weight in the targets, [batch]; of a sequence's every token. */
function sampleLosses(
  model: Model,
  parameters: readonly Tensor[],
  inputs: Tensor,
  targets: Tensor,
): Tensor {
  return model.language
    ? model.language.losses(parameters, inputs, targets)
    : crossEntropies(model.logits(parameters, inputs), targets);
}

/** ∂f/∂w per tensor of a scalar f; none for a buffer, which training by gradient leaves as it is. */
export function parameterGradients(
  model: Model,
  parameters: readonly Tensor[],
  f: (parameters: readonly Tensor[]) => Tensor,
): (Tensor | undefined)[] {
  const { entries } = model.layout;
  const trained = entries.flatMap(({ kind }, at) => (kind === 'buffer' ? [] : [at]));
  const ofTrained = (...weights: Tensor[]) => {
    const all = parameters.slice();
    trained.forEach((at, index) => {
      all[at] = weights[index] as Tensor;
    });
    return f(all);
  };
  const gradients = tf.grads(ofTrained)(trained.map((at) => parameters[at] as Tensor));
  const perEntry: (Tensor | undefined)[] = entries.map(() => undefined);
  trained.forEach((at, index) => {
    perEntry[at] = gradients[index];
  });
  return perEntry;
}

/** What a batch does to a model in training. */
export interface TrainingEffect {
  /** ∂L/∂w per tensor; none where training by gradient changes nothing. */
  readonly gradients: readonly (Tensor | undefined)[];
  /** The buffers' next values, in layout order; none for a model without a training pass. */
  readonly buffers: readonly Tensor[];
}

/** The effect as local training has it: batch norm by the batch's own statistics. */
export function trainingEffect(
  model: Model,
  parameters: readonly Tensor[],
  inputs: Tensor,
  targets: Tensor,
): TrainingEffect {
  const { trainingPass } = model;
  if (!trainingPass) {
    const loss = batchLoss(model, inputs, targets);
    return { gradients: parameterGradients(model, parameters, loss), buffers: [] };
  }
  const present = presentSamples(targets);
  return withTensorsFromInside((bringOut) => {
    let buffers: readonly Tensor[] = [];
    const gradients = parameterGradients(model, parameters, (weights) => {
      const pass = trainingPass(weights, inputs, present);
      buffers = pass.buffers.map(bringOut);
      return tf.sum(crossEntropies(pass.logits, targets));
    });
    return { gradients, buffers };
  });
}

/**
 * FedProx's proximal term after a step of SGD, taken exactly: (w + ημ w_{t-1}) / (1 + ημ); buffers stay.
 *
 * @param pull ημ
 */
export function pulledTowards(
  { layout }: Model,
  start: readonly Tensor[],
  stepped: readonly Tensor[],
  pull: Tensor | number,
): Tensor[] {
  return stepped.map((weights, at) =>
    layout.entries[at]?.kind === 'buffer'
      ? weights
      : tf.div(tf.add(weights, tf.mul(pull, start[at] as Tensor)), tf.add(pull, 1)),
  );
}

/** The parameters after a step, with the buffers it moved and with copies of what it made. */
export function withMovedBuffers(
  model: Model,
  stepped: readonly Tensor[],
  buffers: readonly Tensor[],
): Tensor[] {
  const next = withCopies(model, stepped);
  if (buffers.length === 0) return next;
  let taken = 0;
  model.layout.entries.forEach(({ kind }, at) => {
    if (kind === 'buffer') next[at] = buffers[taken++] as Tensor;
  });
  return next;
}

/** The tensors, with every copy made anew. */
export function withCopies({ layout, copies = [] }: Model, tensors: readonly Tensor[]): Tensor[] {
  const next = tensors.slice();
  const place = (name: string) => layout.entries.findIndex((entry) => entry.name === name);
  for (const { copy, of } of copies) next[place(copy)] = next[place(of)] as Tensor;
  return next;
}

/** [batch], 1 where a sample has a target. */
function presentSamples(targets: Tensor): Tensor {
  return tf.cast(tf.greater(tf.sum(targets, 1), 0), 'float32');
}
