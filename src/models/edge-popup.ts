import type { Tensor } from '@tensorflow/tfjs-core';
import type { RandomStream } from '../engine/random.ts';
import { tf } from '../engine/tensors.ts';
import { uniformByFanIn } from './initializers.ts';
import { ParameterLayout } from './layout.ts';
import type { Model } from './model.ts';

/**
 * A network of frozen random weights of which training chooses the edges: its parameters are a score
 * per weight, and a layer uses the share `kept` of its weights whose scores are highest. Gradients go
 * straight through the choice. Weights are ±√(2 / fan-in), the sign random (signed Kaiming constant);
 * there are no biases.
 *
 * Source: Ramanujan et al. 2020, "What's Hidden in a Randomly Weighted Neural Network?", §3; scores
 * count with their sign, as in Mozaffari et al. 2023, "Every Vote Counts: Ranking-Based Training of
 * Federated Learning to Resist Poisoning Attacks" (FRL), Algorithm 2.
 *
 * @param kept share of the weights in use, above 0 and up to 1
 * @param random draws the frozen signs, which every party of the federation knows
 * @throws {RangeError} for models with batch norm, or a share out of range
 */
export function edgePopup(base: Model, kept: number, random: RandomStream): Model {
  if (!(kept > 0 && kept <= 1)) throw new RangeError(`a share of ${kept} of the edges is kept`);
  const { entries } = base.layout;
  const vector = entries.find(({ kind, shape }) => kind !== 'bias' && shape.length < 2);
  if (vector)
    throw new RangeError(
      `${base.id} can't be trained by edge scores: ${vector.name} is no matrix of edges. Choose a model without batch norm.`,
    );
  const layout = new ParameterLayout(entries.filter(({ kind }) => kind === 'weight'));
  const signs = random.derive('frozen-signs');
  const frozen = layout.entries.map(({ shape, size }) => {
    const strength = Math.sqrt((2 * (shape.at(-1) as number)) / size);
    return Float32Array.from({ length: size }, () =>
      signs.uniform() < 0.5 ? -strength : strength,
    );
  });
  return {
    id: `${base.id}+edge-popup`,
    title: `${base.title}, edge scores over frozen weights`,
    source: `${base.source}; trained by edge-popup (Ramanujan et al. 2020, §3)`,
    inputShape: base.inputShape,
    classes: base.classes,
    layout,
    initialize: (stream) => uniformByFanIn(layout, stream),
    logits(scores, inputs) {
      let next = 0;
      const weights = entries.map(({ kind, shape }) => {
        if (kind === 'bias') return tf.zeros([...shape]);
        const at = next++;
        const signed = tf.tensor(frozen[at] as Float32Array, [...shape]);
        return tf.mul(signed, highestScores(scores[at] as Tensor, kept));
      });
      return base.logits(weights, inputs);
    },
  };
}

/** 1 at the share `kept` of the highest scores, else 0; its gradient is that of the scores themselves. */
function highestScores(scores: Tensor, kept: number): Tensor {
  // As many as the released code keeps: all but ⌊(1 − kept) n⌋.
  const count = scores.size - Math.floor((1 - kept) * scores.size);
  const choose = tf.customGrad((...inputs) => {
    const given = inputs[0] as Tensor;
    const { values } = tf.topk(tf.reshape(given, [scores.size]), count, false);
    return {
      value: tf.cast(tf.greaterEqual(given, tf.min(values)), 'float32'),
      gradFunc: (dy: Tensor) => dy,
    };
  });
  return choose(scores);
}
