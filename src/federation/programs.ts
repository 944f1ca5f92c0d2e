import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProgramDefinition, TensorSpec } from '../engine/program.ts';
import { tf } from '../engine/tensors.ts';
import type { Model } from '../models/model.ts';
import {
  batchLoss,
  parameterGradients,
  pulledTowards,
  trainingEffect,
  withCopies,
  withMovedBuffers,
} from '../models/training-step.ts';

/**
 * One step of SGD: w ← w − η ∇L(w, batch), L the cross-entropy weighted by the targets. Buffers move
 * as the model's training pass says.
 * State: the parameters. Constants: η. Per step: inputs, targets.
 */
export function sgdStep(model: Model, batchSize: number): ProgramDefinition {
  return {
    name: `${model.id}/sgd-step`,
    state: parameterSpecs(model),
    constants: [scalar],
    perStep: batchSpecs(model, batchSize),
    step({ state, constants: [rate], perStep: [inputs, targets] }) {
      const [x, y] = [inputs as Tensor, targets as Tensor];
      const { gradients, buffers } = trainingEffect(model, state, x, y);
      const stepped = state.map((weights, at) => {
        const gradient = gradients[at];
        return gradient ? tf.sub(weights, tf.mul(rate as Tensor, gradient)) : weights;
      });
      return { state: withMovedBuffers(model, stepped, buffers), outputs: [] };
    },
  };
}

/**
 * One step of FedProx's local problem, min_w F(w) + μ/2 ‖w − w_{t-1}‖² (Li et al. 2020, "Federated
 * Optimization in Heterogeneous Networks", equation 2), by forward–backward splitting:
 * w ← (w − η ∇F(w) + ημ w_{t-1}) / (1 + ημ). The proximal term is taken exactly, so any μ is stable;
 * the released code takes a plain gradient step of both terms, which diverges for ημ > 2 and differs
 * by O(η²μ) per step below.
 * State: the parameters. Constants: η, μ, w_{t-1}. Per step: inputs, targets.
 */
export function proximalSgdStep(model: Model, batchSize: number): ProgramDefinition {
  const sgd = sgdStep(model, batchSize);
  return {
    ...sgd,
    name: `${model.id}/proximal-sgd-step`,
    constants: [scalar, scalar, ...parameterSpecs(model)],
    step({ state, constants: [rate, mu, ...start], perStep }) {
      const stepped = sgd.step({ state, constants: [rate as Tensor], perStep }).state;
      const pull = tf.mul(rate as Tensor, mu as Tensor);
      return { state: withCopies(model, pulledTowards(model, start, stepped, pull)), outputs: [] };
    },
  };
}

/**
 * Adds one batch's share to the gradient over a full local set, ∇L(w, D^k), each sample for itself.
 * State: the sum so far. Constants: the parameters. Per step: inputs, targets.
 */
export function gradientSum(model: Model, batchSize: number): ProgramDefinition {
  return {
    name: `${model.id}/gradient-sum`,
    state: parameterSpecs(model),
    constants: parameterSpecs(model),
    perStep: batchSpecs(model, batchSize),
    step: ({ state, constants, perStep: [inputs, targets] }) => ({
      state: addGradients(
        state,
        parameterGradients(model, constants, batchLoss(model, inputs as Tensor, targets as Tensor)),
      ),
      outputs: [],
    }),
  };
}

/** Constants: the parameters. Per step: inputs. Outputs: logits. */
export function predictLogits(model: Model, batchSize: number): ProgramDefinition {
  return {
    name: `${model.id}/logits`,
    state: [],
    constants: parameterSpecs(model),
    perStep: batchSpecs(model, batchSize).slice(0, 1),
    step: ({ constants, perStep: [inputs] }) => ({
      state: [],
      outputs: [model.logits(constants, inputs as Tensor)],
    }),
  };
}

/** `sum` plus gradients, where there are any. */
export function addGradients(
  sum: readonly Tensor[],
  gradients: readonly (Tensor | undefined)[],
): Tensor[] {
  return sum.map((value, at) => {
    const gradient = gradients[at];
    return gradient ? tf.add(value, gradient) : value;
  });
}

export function parameterSpecs(model: Model): TensorSpec[] {
  return model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' }));
}

export function batchSpecs(model: Model, batchSize: number): TensorSpec[] {
  return [
    { shape: [batchSize, ...model.inputShape], dtype: 'float32' },
    { shape: [batchSize, model.classes], dtype: 'float32' },
  ];
}

export const scalar: TensorSpec = { shape: [], dtype: 'float32' };
