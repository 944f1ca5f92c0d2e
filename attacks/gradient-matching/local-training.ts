import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../src/engine/tensors.ts';
import type { Model } from '../../src/models/model.ts';
import {
  pulledTowards,
  trainingGradients,
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

/**
 * Replays a client's SGD on dummy data and returns (w_0 − w_T) / learning rate, [N]: Σ_t ∇L(w_t) at
 * parameters; differentiable with respect to the data (Geiping et al. 2020, §6: the gradient runs
 * through all local steps). At buffers it is what batch norm's running statistics moved by, which
 * depends on the data as well.
 *
 * Mini-batches are taken in the dummy's own order, epoch after epoch: which samples a client drew
 * together in the first epoch is only a renaming of the dummies, how it reshuffled them later is
 * unknown to the attacker.
 *
 * Of an aggregate the mean over its clients is returned; which dummies are whose is a renaming again.
 *
 * @param start parameters in layout order
 * @param images [samples, ...inputShape]
 * @param targets class probabilities, [samples, classes]
 */
export function replayLocalTraining(
  { parts, ...training }: LocalTraining,
  start: readonly Tensor[],
  images: Tensor,
  targets: Tensor,
): Tensor {
  if (!parts) return replayOneClient(training, start, images, targets);
  let first = 0;
  return tf.addN(
    parts.map(({ samples, weight, ...schedule }) => {
      const own = (all: Tensor) => tf.slice(all, first, samples);
      const client = { ...training, ...schedule };
      const update = replayOneClient(client, start, own(images), own(targets));
      first += samples;
      return tf.mul(update, weight);
    }),
  );
}

function replayOneClient(
  { model, localSteps, batchSize, learningRate, proximal = 0 }: LocalTraining,
  start: readonly Tensor[],
  images: Tensor,
  targets: Tensor,
): Tensor {
  const samples = images.shape[0] as number;
  const batches = Math.ceil(samples / batchSize);
  const rows = (all: Tensor, batch: number) =>
    batches === 1
      ? all
      : tf.slice(all, batch * batchSize, Math.min(batchSize, samples - batch * batchSize));

  let weights = [...start];
  let total: (Tensor | undefined)[] = start.map(() => undefined);
  for (let step = 0; step < localSteps; step++) {
    const batch = rows(images, step % batches);
    const labels = tf.div(rows(targets, step % batches), batch.shape[0] as number);
    const gradients = trainingGradients(model, weights, batch, labels);
    total = total.map((sum, at) => {
      const gradient = gradients[at];
      return sum && gradient ? tf.add(sum, gradient) : gradient;
    });
    const last = step + 1 === localSteps;
    if (last && !model.trainingPass && proximal === 0) break;
    const stepped = weights.map((weight, at) => {
      const gradient = gradients[at];
      return gradient ? tf.sub(weight, tf.mul(gradient, learningRate)) : weight;
    });
    const pulled =
      proximal > 0 ? pulledTowards(model, start, stepped, learningRate * proximal) : stepped;
    weights = withMovedBuffers(model, pulled, weights, batch, labels);
  }
  const moved = (at: number) =>
    tf.div(tf.sub(start[at] as Tensor, weights[at] as Tensor), learningRate);
  // What has no gradient moved by itself: buffers. FedProx moves less than the gradients say.
  const update = total.map((sum, at) => (proximal === 0 && sum) || moved(at));
  return tf.concat(update.map((tensor) => tf.reshape(tensor, [-1])));
}
