import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../src/engine/tensors.ts';
import { crossEntropy } from '../../src/models/loss.ts';
import type { Model } from '../../src/models/model.ts';

export interface LocalTraining {
  readonly model: Model;
  readonly localSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/**
 * Replays a client's SGD on dummy data and returns Σ_t ∇L(w_t), [N], which is
 * (w_0 − w_T) / learning rate; differentiable with respect to the data (Geiping et al. 2020, §6:
 * the gradient runs through all local steps).
 *
 * Mini-batches are taken in the dummy's own order, epoch after epoch: which samples a client drew
 * together in the first epoch is only a renaming of the dummies, how it reshuffled them later is
 * unknown to the attacker.
 *
 * @param start parameters in layout order
 * @param images [samples, ...inputShape]
 * @param targets class probabilities, [samples, classes]
 */
export function replayLocalTraining(
  { model, localSteps, batchSize, learningRate }: LocalTraining,
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
  let total: Tensor[] = [];
  for (let step = 0; step < localSteps; step++) {
    const batch = step % batches;
    const loss = (...parameters: Tensor[]) =>
      crossEntropy(model.logits(parameters, rows(images, batch)), rows(targets, batch));
    const gradients = tf.grads(loss)(weights);
    total = step === 0 ? gradients : total.map((sum, at) => tf.add(sum, gradients[at] as Tensor));
    if (step + 1 < localSteps)
      weights = weights.map((weight, at) =>
        tf.sub(weight, tf.mul(gradients[at] as Tensor, learningRate)),
      );
  }
  return tf.concat(total.map((tensor) => tf.reshape(tensor, [-1])));
}
