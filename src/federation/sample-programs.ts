import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProgramDefinition } from '../engine/program.ts';
import { tf } from '../engine/tensors.ts';
import type { Model } from '../models/model.ts';
import { batchLoss, parameterGradients } from '../models/training-step.ts';
import { addGradients, batchSpecs, parameterSpecs, scalar } from './programs.ts';

/** Adds what one sample contributes to a sum of vectors of the parameters' shapes. */
function sampleSum(
  name: string,
  model: Model,
  contribution: (
    parameters: readonly Tensor[],
    input: Tensor,
    target: Tensor,
    more: readonly Tensor[],
  ) => (Tensor | undefined)[],
  constants: ProgramDefinition['constants'] = [],
): ProgramDefinition {
  const parameters = parameterSpecs(model);
  return {
    name: `${model.id}/${name}`,
    state: parameters,
    constants: [...parameters, ...constants],
    perStep: batchSpecs(model, 1),
    step({ state, constants: given, perStep: [input, target] }) {
      const weights = given.slice(0, parameters.length);
      const more = given.slice(parameters.length);
      return {
        state: addGradients(state, contribution(weights, input as Tensor, target as Tensor, more)),
        outputs: [],
      };
    },
  };
}

/**
 * Σ_k |∂ℓ_k/∂w_m| over the samples.
 * State: the sum so far. Constants: the parameters. Per step: one input, its one-hot target.
 */
export function absoluteGradientSum(model: Model): ProgramDefinition {
  return sampleSum('absolute-gradient-sum', model, (weights, input, target) =>
    absolute(parameterGradients(model, weights, batchLoss(model, input, target))),
  );
}

/**
 * Σ_k |∂/∂y_k (∂ℓ/∂w_m)|, y_k the target at the sample's true class. Mixed derivatives don't depend
 * on their order, so the loss is differentiated by y_k first, which leaves a scalar to
 * differentiate by all w_m at once.
 * State: the sum so far. Constants: the parameters. Per step: one input, its one-hot target.
 */
export function sensitivitySum(model: Model): ProgramDefinition {
  return sampleSum('sensitivity-sum', model, (weights, input, target) =>
    absolute(
      parameterGradients(model, weights, (parameters) => {
        const byTarget = tf.grad((y: Tensor) => batchLoss(model, input, y)(parameters));
        return tf.sum(tf.mul(byTarget(target), target));
      }),
    ),
  );
}

/**
 * Σ_k g_k / max(1, ‖g_k‖₂ / C): gradients clipped per sample, the norm taken over all parameters
 * (Abadi et al. 2016, Algorithm 1).
 * State: the sum so far. Constants: the parameters, C. Per step: one input, its one-hot target.
 */
export function clippedGradientSum(model: Model): ProgramDefinition {
  return sampleSum(
    'clipped-gradient-sum',
    model,
    (weights, input, target, [clip]) => {
      const gradients = parameterGradients(model, weights, batchLoss(model, input, target));
      const squares = gradients.flatMap((gradient) =>
        gradient ? [tf.sum(tf.mul(gradient, gradient))] : [],
      );
      const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
      const factor = tf.div(1, tf.maximum(1, tf.div(norm, clip as Tensor)));
      return gradients.map((gradient) => gradient && tf.mul(gradient, factor));
    },
    [scalar],
  );
}

/**
 * Adds one batch's share to H·v, H the Hessian of the mean loss: the gradient of ⟨∇L(w), v⟩.
 * State: the sum so far. Constants: the parameters, v. Per step: inputs, targets.
 */
export function hessianProductSum(model: Model, batchSize: number): ProgramDefinition {
  const parameters = parameterSpecs(model);
  return {
    name: `${model.id}/hessian-product-sum`,
    state: parameters,
    constants: [...parameters, ...parameters],
    perStep: batchSpecs(model, batchSize),
    step({ state, constants, perStep: [inputs, targets] }) {
      const direction = constants.slice(parameters.length);
      const loss = batchLoss(model, inputs as Tensor, targets as Tensor);
      const alongDirection = (weights: readonly Tensor[]) =>
        parameterGradients(model, weights, loss)
          .flatMap((gradient, at) =>
            gradient ? [tf.sum(tf.mul(gradient, direction[at] as Tensor))] : [],
          )
          .reduce((sum, product) => tf.add(sum, product));
      const product = parameterGradients(
        model,
        constants.slice(0, parameters.length),
        alongDirection,
      );
      return { state: addGradients(state, product), outputs: [] };
    },
  };
}

/**
 * Adds one batch's share to the mean loss.
 * State: the sum so far. Constants: the parameters. Per step: inputs, targets.
 */
export function lossSum(model: Model, batchSize: number): ProgramDefinition {
  return {
    name: `${model.id}/loss-sum`,
    state: [scalar],
    constants: parameterSpecs(model),
    perStep: batchSpecs(model, batchSize),
    step: ({ state: [sum], constants, perStep: [inputs, targets] }) => ({
      state: [
        tf.add(sum as Tensor, batchLoss(model, inputs as Tensor, targets as Tensor)(constants)),
      ],
      outputs: [],
    }),
  };
}

function absolute(gradients: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  return gradients.map((gradient) => gradient && tf.abs(gradient));
}
