import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray, ProgramDefinition, TensorSpec } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { Model } from '../../src/models/model.ts';
import { parameterGradients } from '../../src/models/training-step.ts';
import { type LocalTraining, replayTraining, rowsOf } from '../gradient-matching/local-training.ts';
import type { ObservedUpdate } from '../gradient-matching/observed-update.ts';
import { adamStep } from '../optimisers/adam.ts';

/** Everything a matching program is compiled for. */
export interface TextProblem extends LocalTraining {
  readonly samples: number;
  /** Tokens of a text: the input's and the one that follows. */
  readonly length: number;
  readonly objective: TextObjective;
  /** Number of tokens that are considered. */
  readonly candidates: number;
}

/**
 * Distance of gradients, tensor by tensor over scored coordinates. `cosine`: the mean of 1 − cos
 * (LAMP's L_cos). `l2-l1`: Σ ‖g' − g‖² + `absolute` · ‖g' − g‖₁ (TAG, Deng et al. 2021), relative
 * to the observed ones.
 */
export interface TextObjective {
  readonly distance: 'cosine' | 'l2-l1';
  readonly absolute: number;
}

/** Keeps norms differentiable at 0. */
const TINY = 1e-20;

/** Shapes of the constants: start weights, and per tensor what was observed and what is scored. */
export function constantSpecs({ model, candidates }: TextProblem): TensorSpec[] {
  const { entries } = model.layout;
  const tensors = entries.map(({ shape }): TensorSpec => ({ shape, dtype: 'float32' }));
  return [
    ...tensors,
    ...tensors,
    ...tensors,
    { shape: [candidates, model.classes], dtype: 'float32' },
  ];
}

/** @param tokens the candidates' numbers; fewer than the problem has are filled up with none */
export function constantValues(
  { model: { layout, classes }, candidates }: TextProblem,
  { start, gradient, scored }: ObservedUpdate,
  tokens: Int32Array,
): NdArray[] {
  const rows = new Float32Array(candidates * classes);
  tokens.forEach((token, at) => {
    rows[at * classes + token] = 1;
  });
  const observed = gradient.map((value, at) => (scored[at] === 1 ? value : 0));
  return [start, observed, Float32Array.from(scored)]
    .flatMap((flat): NdArray[] => layout.split(flat))
    .concat({ shape: [candidates, classes], data: rows });
}

/** What training on mixtures of tokens, [samples, length, classes], moves each tensor by, over the learning rate. */
function replay(problem: TextProblem, start: readonly Tensor[], texts: Tensor): Tensor[] {
  const { model, samples } = problem;
  return replayTraining(problem, start, samples, (weights, first, count) => ({
    gradients: parameterGradients(model, weights, (parameters) =>
      tf.mean(language(model).mixtureLosses(parameters, rowsOf(texts, first, count))),
    ),
    buffers: [],
  }));
}

function language({ language }: Model) {
  if (!language) throw new TypeError('a text problem is about a language model');
  return language;
}

/** The distance of the update that texts [samples, length, classes] cause from the observed one. */
function textCost(problem: TextProblem, constants: readonly Tensor[], texts: Tensor): Tensor {
  const tensors = problem.model.layout.entries.length;
  const part = (which: number) => constants.slice(which * tensors, (which + 1) * tensors);
  const [start, observed, scored] = [part(0), part(1), part(2)];
  const caused = replay(problem, start, texts).map((tensor, at) =>
    tf.mul(tensor, scored[at] as Tensor),
  );
  const square = (tensor: Tensor) => tf.sum(tf.mul(tensor, tensor));
  const { distance, absolute } = problem.objective;
  if (distance === 'cosine') {
    const unit = (tensor: Tensor) => tf.div(tensor, tf.sqrt(tf.add(square(tensor), TINY)));
    // A tensor without a scored change says nothing: it counts 0, and not in the mean.
    const present = observed.map((tensor) => tf.cast(tf.greater(square(tensor), 0), 'float32'));
    const distances = caused.map((tensor, at) =>
      tf.mul(
        present[at] as Tensor,
        tf.mul(0.5, square(tf.sub(unit(tensor), unit(observed[at] as Tensor)))),
      ),
    );
    return tf.div(tf.addN(distances), tf.maximum(tf.addN(present), 1));
  }
  const differences = caused.map((tensor, at) => tf.sub(tensor, observed[at] as Tensor));
  const all = (of: (tensor: Tensor) => Tensor, tensors: readonly Tensor[]) =>
    tf.add(tf.addN(tensors.map(of)), TINY);
  const size = (tensor: Tensor) => tf.sum(tf.abs(tensor));
  return tf.add(
    tf.div(all(square, differences), all(square, observed)),
    tf.mul(absolute, tf.div(all(size, differences), all(size, observed))),
  );
}

/**
 * One step of the continuous phase: logits over the candidates at every position, moved by Adam so that
 * the mixture of their embeddings causes the observed update. State: logits [samples · length,
 * candidates], Adam's moments. Per step: Adam's step size. Output: the cost before the step.
 */
export function mixtureIteration(problem: TextProblem): ProgramDefinition {
  const { samples, length, candidates, model } = problem;
  const logits: TensorSpec = { shape: [samples * length, candidates], dtype: 'float32' };
  return {
    name: `${model.id}/text-mixtures`,
    state: [logits, logits, logits],
    constants: constantSpecs(problem),
    perStep: [{ shape: [], dtype: 'float32' }],
    step({ state, constants, perStep }) {
      const [point, mean, square] = state as [Tensor, Tensor, Tensor];
      const rows = constants.at(-1) as Tensor;
      const { value, grad } = tf.valueAndGrad((guess) => {
        const shares = tf.matMul(tf.softmax(guess) as never, rows as never) as Tensor;
        return textCost(problem, constants, tf.reshape(shares, [samples, length, model.classes]));
      })(point);
      const moved = adamStep({ point, mean, square }, grad, perStep[0] as Tensor);
      return { state: [moved.point, moved.mean, moved.square], outputs: [value] };
    },
  };
}

/** Costs of texts, one answer [samples, length] per step. */
export function textCosts(problem: TextProblem): ProgramDefinition {
  const { samples, length, model } = problem;
  return {
    name: `${model.id}/text-costs`,
    state: [],
    constants: constantSpecs(problem),
    perStep: [{ shape: [samples * length], dtype: 'int32' }],
    step({ constants, perStep }) {
      const texts = tf.cast(tf.oneHot(perStep[0] as never, model.classes), 'float32');
      const shaped = tf.reshape(texts, [samples, length, model.classes]);
      return { state: [], outputs: [textCost(problem, constants, shaped)] };
    },
  };
}
