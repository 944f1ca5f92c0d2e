import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { lora } from '../../../src/models/lora.ts';
import { findModel } from '../../../src/models/registry.ts';
import { startingFrom } from '../../../src/models/starting-from.ts';

beforeAll(async () => {
  await openEngine({ prefer: 'cpu' });
});

test('a model starts from what it is given, and so do adapters on it', () => {
  const model = findModel('mlp-2fc');
  const given = model.initialize(randomStream(1));
  const started = startingFrom(model, given);
  const first = started.initialize(randomStream(2));
  expect(first).toEqual(given);
  first.fill(0);
  expect(started.initialize(randomStream(3))).toEqual(given);

  const adapted = lora(started, { rank: 2 }, randomStream(4));
  tf.tidy(() => {
    const images = tf.randomUniform([2, 784], 0, 1, 'float32', 5);
    const inputs = tf.reshape(images, [2, ...model.inputShape]);
    const logits = (of: typeof model, flat: Float32Array) =>
      of
        .logits(
          of.layout.split(flat).map(({ shape, data }) => tf.tensor(data, [...shape])),
          inputs,
        )
        .dataSync();
    // Fresh adapters change nothing: the frozen base is what it was given.
    expect(logits(adapted, adapted.initialize(randomStream(6)))).toEqual(logits(model, given));
  });
});
