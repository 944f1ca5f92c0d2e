import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { findModel, models } from '../../../src/models/registry.ts';

/** Published counts: LeNet-5, DLG, FedML-HE Table 4, MaskCrypt §6.1. */
const counts = {
  'lenet-5': 61_706,
  'dlg-lenet': 17_038,
  'dlg-lenet-cifar100': 88_648,
  'mlp-2fc': 79_510,
  'cnn-2conv': 1_663_370,
  'mlp-purchase': 1_317_348,
  'mlp-texas': 7_020_004,
};

const bytes = (values: Float32Array) => Buffer.from(values.buffer);

beforeAll(async () => {
  await openEngine({ prefer: 'wasm' });
});

test('every model is listed here', () => {
  expect(models.map(({ id }) => id).sort()).toEqual(Object.keys(counts).sort());
});

describe.each(Object.entries(counts))('%s', (id, count) => {
  const model = findModel(id);

  test('has the published number of parameters, weights before biases', () => {
    expect(model.layout.size).toBe(count);
    model.layout.entries.forEach(({ name, kind, layer }, at) => {
      expect(kind).toBe(at % 2 === 0 ? 'weight' : 'bias');
      expect(name.endsWith(`.${kind}`)).toBe(true);
      expect(layer).toBe(Math.floor(at / 2));
    });
  });

  test('starts from seeded parameters in the documented range', () => {
    const flat = model.initialize(randomStream(1, 'init'));
    expect(Buffer.compare(bytes(flat), bytes(model.initialize(randomStream(1, 'init'))))).toBe(0);
    expect(Buffer.compare(bytes(flat), bytes(model.initialize(randomStream(2, 'init'))))).not.toBe(
      0,
    );
    const parts = model.layout.split(flat);
    model.layout.entries.forEach(({ layer }, at) => {
      const { shape } = model.layout.entries[2 * layer] as { shape: readonly number[] };
      const fanIn = shape.slice(0, -1).reduce((product, length) => product * length, 1);
      const bound = id.startsWith('dlg-lenet') ? 0.5 : 1 / Math.sqrt(fanIn);
      const { data } = parts[at] as { data: Float32Array };
      let largest = 0;
      let squares = 0;
      for (const value of data) {
        largest = Math.max(largest, Math.abs(value));
        squares += value ** 2;
      }
      expect(largest).toBeLessThanOrEqual(Math.fround(bound));
      // Uniform in ±bound: variance bound² / 3.
      if (data.length > 500) expect(squares / data.length / bound ** 2).toBeCloseTo(1 / 3, 1);
    });
  });

  test('maps a batch to logits, sample by sample', () => {
    tf.tidy(() => {
      const random = randomStream(3);
      const parameters = model.layout
        .split(model.initialize(random))
        .map(({ shape, data }) => tf.tensor(data, [...shape]));
      const size = model.inputShape.reduce((product, length) => product * length, 1);
      const values = Float32Array.from({ length: 2 * size }, random.uniform);
      const both = model.logits(parameters, tf.tensor(values, [2, ...model.inputShape]));
      expect(both.shape).toEqual([2, model.classes]);
      const second = tf.tensor(values.slice(size), [1, ...model.inputShape]);
      const alone = model.logits(parameters, second).dataSync();
      both
        .dataSync()
        .slice(model.classes)
        .forEach((value, at) => {
          expect(value).toBeCloseTo(alone[at] as number, 3);
        });
    });
  });
});

test('an unknown model is named, with the ones there are', () => {
  expect(() => findModel('lenet5')).toThrow(/No model is called "lenet5".*lenet-5.*mlp-texas/s);
});

test('a wrong number of parameter tensors is refused', () => {
  expect(() => findModel('mlp-2fc').logits([], tf.zeros([1, 28, 28, 1]))).toThrow(RangeError);
});
