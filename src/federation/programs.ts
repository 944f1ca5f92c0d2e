import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProgramDefinition, TensorSpec } from '../engine/program.ts';
import { tf } from '../engine/tensors.ts';
import { crossEntropies } from '../models/loss.ts';
import type { Model, TrainingPass } from '../models/model.ts';

/**
 * One step of SGD: w ← w − η ∇L(w, batch), L the cross-entropy weighted by the targets. Buffers take
 * their next values from the same pass.
 * State: the parameters. Constants: η. Per step: inputs, targets.
 */
export function sgdStep(model: Model, batchSize: number): ProgramDefinition {
  return {
    name: `${model.id}/sgd-step`,
    state: parameterSpecs(model),
    constants: [{ shape: [], dtype: 'float32' }],
    perStep: batchSpecs(model, batchSize),
    step({ state, constants: [rate], perStep: [inputs, targets] }) {
      let buffers: readonly Tensor[] = [];
      const gradients = lossGradients(
        model,
        state,
        inputs as Tensor,
        targets as Tensor,
        // What the loss computes is disposed of with it; this is the next state.
        (pass) => {
          buffers = pass.buffers.map((buffer) => tf.keep(buffer));
        },
      );
      let next = 0;
      return {
        state: state.map((value, at) => {
          const gradient = gradients[at];
          if (gradient) return tf.sub(value, tf.mul(rate as Tensor, gradient));
          return buffers[next++] ?? value;
        }),
        outputs: [],
      };
    },
  };
}

/**
 * Adds one batch's share to the gradient over a full local set, ∇L(w, D^k).
 * State: the sum so far. Constants: the parameters. Per step: inputs, targets.
 */
export function gradientSum(model: Model, batchSize: number): ProgramDefinition {
  return {
    name: `${model.id}/gradient-sum`,
    state: parameterSpecs(model),
    constants: parameterSpecs(model),
    perStep: batchSpecs(model, batchSize),
    step({ state, constants, perStep: [inputs, targets] }) {
      const gradients = lossGradients(model, constants, inputs as Tensor, targets as Tensor);
      return {
        state: state.map((sum, at) => {
          const gradient = gradients[at];
          return gradient ? tf.add(sum, gradient) : sum;
        }),
        outputs: [],
      };
    },
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

/**
 * ∂L/∂w per tensor, in training mode; none for a buffer, which no gradient moves.
 *
 * @param whilePassing sees the forward pass before its tensors are disposed of
 */
function lossGradients(
  model: Model,
  parameters: readonly Tensor[],
  inputs: Tensor,
  targets: Tensor,
  whilePassing: (pass: TrainingPass) => void = () => {},
): (Tensor | undefined)[] {
  const { entries } = model.layout;
  const trained = entries.flatMap(({ kind }, at) => (kind === 'buffer' ? [] : [at]));
  const loss = (...weights: Tensor[]) => {
    const all = parameters.slice();
    trained.forEach((at, index) => {
      all[at] = weights[index] as Tensor;
    });
    // The samples' weights are in the targets; padding has none.
    const present = () => tf.cast(tf.greater(tf.sum(targets, 1), 0), 'float32');
    const pass = model.trainingPass?.(all, inputs, present()) ?? {
      logits: model.logits(all, inputs),
      buffers: [],
    };
    whilePassing(pass);
    return tf.sum(crossEntropies(pass.logits, targets));
  };
  const gradients = tf.grads(loss)(trained.map((at) => parameters[at] as Tensor));
  const perEntry: (Tensor | undefined)[] = entries.map(() => undefined);
  trained.forEach((at, index) => {
    perEntry[at] = gradients[index];
  });
  return perEntry;
}

function parameterSpecs(model: Model): TensorSpec[] {
  return model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' }));
}

function batchSpecs(model: Model, batchSize: number): TensorSpec[] {
  return [
    { shape: [batchSize, ...model.inputShape], dtype: 'float32' },
    { shape: [batchSize, model.classes], dtype: 'float32' },
  ];
}
