import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../src/engine/tensors.ts';
import type { Model } from '../../src/models/model.ts';
import {
  pulledTowards,
  type TrainingEffect,
  trainingEffect,
  withCopies,
  withMovedBuffers,
} from '../../src/models/training-step.ts';
import type { AggregatePart } from '../../src/view/aggregate.ts';

export interface LocalTraining {
  readonly model: Model;
  readonly localSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** μ of FedProx's proximal term towards the start; absent: none. */
  readonly proximal?: number;
  /** Several clients' trainings from the same start, on consecutive samples, of which the mean is taken. */
  readonly parts?: readonly AggregatePart[];
}

/** What the mean loss of `count` samples of a client's own, from `first` on, does to its weights. */
export type LocalStep = (
  weights: readonly Tensor[],
  first: number,
  count: number,
) => TrainingEffect;

/**
 * Replays a client's SGD and returns (w_0 − w_T) / learning rate per tensor: Σ_t ∇L(w_t) at parameters;
 * differentiable with respect to the data (Geiping et al. 2020, §6: the gradient runs through all local
 * steps). At buffers it is what batch norm's running statistics moved by, which depends on the data as
 * well.
 *
 * Mini-batches are taken in the data's own order, epoch after epoch: which samples a client drew
 * together in the first epoch is only a renaming of the dummies, how it reshuffled them later is
 * unknown to the attacker.
 *
 * Of an aggregate the mean over its clients is returned; which dummies are whose is a renaming again.
 *
 * @param start parameters in layout order
 * @param samples of the client, or of all clients of the aggregate
 */
export function replayTraining(
  { parts, ...training }: LocalTraining,
  start: readonly Tensor[],
  samples: number,
  step: LocalStep,
): Tensor[] {
  if (!parts) return replayOneClient(training, start, { first: 0, samples }, step);
  let first = 0;
  const perClient = parts.map(({ weight, ...schedule }) => {
    const own = { first, samples: schedule.samples };
    first += schedule.samples;
    const moved = replayOneClient({ ...training, ...schedule }, start, own, step);
    return moved.map((tensor) => tf.mul(tensor, weight));
  });
  return start.map((_, at) => tf.addN(perClient.map((moved) => moved[at] as Tensor)));
}

function replayOneClient(
  { model, localSteps, batchSize, learningRate, proximal = 0 }: LocalTraining,
  start: readonly Tensor[],
  own: { readonly first: number; readonly samples: number },
  step: LocalStep,
): Tensor[] {
  const batches = Math.ceil(own.samples / batchSize);
  let weights = [...start];
  let total: (Tensor | undefined)[] = start.map(() => undefined);
  for (let number = 0; number < localSteps; number++) {
    const offset = (number % batches) * batchSize;
    const rows = [own.first + offset, Math.min(batchSize, own.samples - offset)] as const;
    const { gradients, buffers } = step(weights, ...rows);
    total = total.map((sum, at) => {
      const gradient = gradients[at];
      return sum && gradient ? tf.add(sum, gradient) : gradient;
    });
    const last = number + 1 === localSteps;
    if (last && !model.trainingPass && proximal === 0) break;
    const stepped = weights.map((weight, at) => {
      const gradient = gradients[at];
      return gradient ? tf.sub(weight, tf.mul(gradient, learningRate)) : weight;
    });
    const pulled =
      proximal > 0 ? pulledTowards(model, start, stepped, learningRate * proximal) : stepped;
    weights = withMovedBuffers(model, pulled, buffers);
  }
  const moved = (at: number) =>
    tf.div(tf.sub(start[at] as Tensor, weights[at] as Tensor), learningRate);
  // What has no gradient moved by itself: buffers. FedProx moves less than the gradients say.
  return withCopies(
    model,
    total.map((sum, at) => (proximal === 0 && sum) || moved(at)),
  );
}

/**
 * A client's training on dummy data, [N].
 *
 * @param images [samples, ...inputShape]
 * @param targets class probabilities, [samples, classes]
 */
export function replayLocalTraining(
  training: LocalTraining,
  start: readonly Tensor[],
  images: Tensor,
  targets: Tensor,
): Tensor {
  const { model } = training;
  const step: LocalStep = (weights, first, count) => {
    const labels = tf.div(rowsOf(targets, first, count), count);
    return trainingEffect(model, weights, rowsOf(images, first, count), labels);
  };
  const moved = replayTraining(training, start, images.shape[0] as number, step);
  return tf.concat(moved.map((tensor) => tf.reshape(tensor, [-1])));
}

/** Some samples of a batch [samples, …]. */
export function rowsOf(all: Tensor, first: number, count: number): Tensor {
  return count === all.shape[0] ? all : tf.slice(all, first, count);
}
