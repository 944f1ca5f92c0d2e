import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import type { ParameterEntry } from '../../../src/models/layout.ts';
import { findModel, models } from '../../../src/models/registry.ts';

/**
 * Published counts: LeNet-5, DLG, FedML-HE Table 4, MaskCrypt Table 1, MASER. Those of the variants
 * for other data follow from them by the sizes of the first and last layer.
 */
const counts = {
  'lenet-5': 61_706,
  'lenet-5-cifar10': 61_706 + 2 * 5 * 5 * 6,
  'lenet-5-cifar100': 61_706 + 2 * 5 * 5 * 6 + 90 * 85,
  'dlg-lenet': 17_038,
  'dlg-lenet-cifar10': 88_648 - 90 * 769,
  'dlg-lenet-cifar100': 88_648,
  'logistic-mnist': 7_850,
  'mlp-2fc': 79_510,
  'cnn-2conv': 1_663_370,
  'mlp-purchase': 1_317_348,
  'mlp-texas': 7_020_004,
  'mlp-location': 1_317_348 - (600 - 446) * 1024 - 70 * 129,
  'mlp-diabetes': 1_317_348 + (1307 - 600) * 1024,
  'maser-lenet': 110_782,
  'maser-convnet': 2_916_544,
  'resnet-18': 11_183_582,
  // GPT-2's arithmetic: 12 width² + 13 width per block, embeddings, last layer norm.
  'gpt-char': 3 * (12 * 192 ** 2 + 13 * 192) + (65 + 64 + 2) * 192,
  'gpt-char-small': 2 * (12 * 64 ** 2 + 13 * 64) + (65 + 64 + 2) * 64,
  'gpt-char-untied': 3 * (12 * 192 ** 2 + 13 * 192) + (65 + 64 + 65 + 2) * 192,
  'gpt-char-duplicated': 3 * (12 * 192 ** 2 + 13 * 192) + (65 + 64 + 65 + 2) * 192,
  'gpt-bpe': 3 * (12 * 192 ** 2 + 13 * 192) + (2048 + 64 + 2) * 192,
  distilgpt2: 81_912_576,
  'distilgpt2-duplicated': 81_912_576 + 50_257 * 768,
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

  test('has the published number of parameters, a weight first in every layer', () => {
    expect(model.layout.size).toBe(count);
    model.layout.entries.forEach(({ name, kind, layer }, at) => {
      const before = model.layout.entries[at - 1];
      const opens = before?.layer !== layer;
      expect(layer).toBe(opens ? (before?.layer ?? -1) + 1 : before.layer);
      if (!model.copies?.some(({ copy }) => copy === name)) expect(kind === 'weight').toBe(opens);
      if (kind !== 'buffer') expect(name.endsWith(`.${kind}`)).toBe(true);
    });
  });

  // Tens of millions of parameters are drawn and used by a slow test.
  const isLarge = count > 20e6;

  test.skipIf(isLarge)('starts from seeded parameters in the documented range', () => {
    const flat = model.initialize(randomStream(1, 'init'));
    expect(Buffer.compare(bytes(flat), bytes(model.initialize(randomStream(1, 'init'))))).toBe(0);
    expect(Buffer.compare(bytes(flat), bytes(model.initialize(randomStream(2, 'init'))))).not.toBe(
      0,
    );
    const parts = model.layout.split(flat);
    const { entries } = model.layout;
    const normalised = entries.filter(({ kind }) => kind === 'buffer').map(({ layer }) => layer);
    entries.forEach(({ layer }, at) => {
      if (model.language || normalised.includes(layer)) return;
      const { shape } = entries.find((entry) => entry.layer === layer) as ParameterEntry;
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

  test.skipIf(isLarge)('maps a batch to logits, sample by sample', () => {
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

test("ResNet-18's vector is the state: parameters, running statistics and counters", () => {
  const { layout, initialize } = findModel('resnet-18');
  const buffers = layout.entries.filter(({ kind }) => kind === 'buffer');
  const counters = buffers.filter(({ name }) => name.endsWith('.num_batches_tracked'));
  const sizeOf = (entries: readonly { size: number }[]) =>
    entries.reduce((sum, { size }) => sum + size, 0);
  expect([sizeOf(buffers), sizeOf(counters)]).toEqual([9_620, 20]);
  expect(layout.size - sizeOf(buffers)).toBe(11_173_962);
  // PyTorch's state dictionary of this network begins, goes on and ends like this.
  expect(layout.entries.slice(0, 7).map(({ name }) => name)).toEqual([
    'conv1.weight',
    'bn1.weight',
    'bn1.bias',
    'bn1.running_mean',
    'bn1.running_var',
    'bn1.num_batches_tracked',
    'layer1.0.conv1.weight',
  ]);
  expect(layout.entries.length).toBe(122);
  expect(layout.entry('layer2.0.shortcut.0.weight').shape).toEqual([1, 1, 64, 128]);
  expect(layout.entries.at(-1)?.name).toBe('linear.bias');
  const start = initialize(randomStream(1));
  const first = (name: string) => start[layout.entry(name).offset];
  expect(first('bn1.weight')).toBe(1);
  expect(first('layer4.1.bn2.running_var')).toBe(1);
  expect(first('layer4.1.bn2.running_mean')).toBe(0);
  expect(first('bn1.num_batches_tracked')).toBe(0);
});

test('an unknown model is named, with the ones there are', () => {
  expect(() => findModel('lenet5')).toThrow(/No model is called "lenet5".*lenet-5.*mlp-texas/s);
});

test('a wrong number of parameter tensors is refused', () => {
  expect(() => findModel('mlp-2fc').logits([], tf.zeros([1, 28, 28, 1]))).toThrow(RangeError);
});
