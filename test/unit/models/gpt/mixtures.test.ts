import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../../../../src/engine/choose.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { gpt } from '../../../../src/models/gpt/gpt.ts';

const [context, vocabulary, width] = [5, 7, 8];
const model = gpt({
  ...{ blocks: 2, heads: 2, width, context, vocabulary },
  ...{ id: 'tiny', title: '', head: 'tied' },
});
const language = model.language as NonNullable<typeof model.language>;
// Larger than initial weights, so that attention is not uniform.
const values = model.initialize(randomStream(3)).map((value) => 5 * value);
let parameters: Tensor[];
beforeAll(async () => {
  await openEngine({ prefer: 'cpu' });
  parameters = model.layout.split(values).map(({ shape, data }) => tf.tensor(data, [...shape]));
});
const text = [3, 1, 4, 1, 6, 5];

test('a mixture of one token each has the loss of the text', () => {
  const mixture = tf.oneHot(tf.tensor2d([text], [1, 6], 'int32'), vocabulary);
  const target = tf.oneHot(tf.tensor1d([5], 'int32'), vocabulary);
  const [loss] = language
    .losses(parameters, tf.tensor2d([text.slice(0, context)]), tf.cast(target, 'float32'))
    .dataSync();
  const [mixed] = language.mixtureLosses(parameters, tf.cast(mixture, 'float32')).dataSync();
  // Float32 sums of the same terms.
  expect(mixed).toBeCloseTo(loss as number, 5);
});

test('the gradient of a projection is spanned by what it is multiplied with', () => {
  const tokens = tf.tensor2d([text.slice(0, context)]);
  const target = tf.cast(tf.oneHot(tf.tensor1d([5], 'int32'), vocabulary), 'float32');
  for (const { projection, inputs } of language.attention) {
    const at = model.layout.entries.findIndex(({ name }) => name === projection);
    const gradient = tf.grad((weight: Tensor) => {
      const all = parameters.slice();
      all[at] = weight;
      return tf.sum(language.losses(all, tokens, target));
    })(parameters[at] as Tensor);
    const rows = inputs(parameters, tokens);
    expect(rows.shape).toEqual([context, width]);
    // Gram–Schmidt on the rows; what is left of a gradient's column in their complement is rounding.
    const basis = tf.linalg.gramSchmidt(rows as Tensor2D) as Tensor2D;
    const inSpan = tf.matMul(basis, tf.matMul(basis, gradient as Tensor2D), true);
    const norm = (tensor: Tensor) => tf.norm(tensor).dataSync()[0] as number;
    const [left, all] = [norm(tf.sub(gradient, inSpan)), norm(gradient)];
    expect(all).toBeGreaterThan(0);
    expect(left / all).toBeLessThan(1e-4);
  }
});
