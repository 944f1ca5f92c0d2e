import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProgramDefinition } from '../engine/program.ts';
import { tf } from '../engine/tensors.ts';
import type { Model } from './model.ts';

/**
 * The activations before the last layer, [features], of one image [1, ...inputShape] per step;
 * parameters are constants, in layout order. The last layer being h W + b, they are what the gradient
 * of the first logit is at the first column of W, whatever comes before.
 *
 * @returns null when the last layer is not fully connected
 */
export function penultimateActivations(model: Model): ProgramDefinition | null {
  const { entries } = model.layout;
  const last = Math.max(...entries.map(({ layer }) => layer));
  const at = entries.findIndex(
    ({ layer, kind, shape }) => layer === last && kind === 'weight' && shape.length === 2,
  );
  const [features, classes] = entries[at]?.shape ?? [];
  if (features === undefined || classes !== model.classes) return null;
  return {
    name: `${model.id}/penultimate-activations`,
    state: [],
    constants: entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
    perStep: [{ shape: [1, ...model.inputShape], dtype: 'float32' }],
    step({ constants, perStep }) {
      const firstLogit = (weight: Tensor) => {
        const parameters = constants.map((own, entry) => (entry === at ? weight : own));
        const logits = model.logits(parameters, perStep[0] as Tensor);
        return tf.sum(tf.slice(logits, [0, 0], [1, 1]));
      };
      const gradient = tf.grad(firstLogit)(constants[at] as Tensor);
      return {
        state: [],
        outputs: [tf.reshape(tf.slice(gradient, [0, 0], [features, 1]), [features])],
      };
    },
  };
}
