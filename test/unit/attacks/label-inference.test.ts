import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inferLabel } from '../../../attacks/gradient-matching/label-inference.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { ParameterLayout } from '../../../src/models/layout.ts';

const FEATURES = 20;
const CLASSES = 10;
const layout = new ParameterLayout([
  { name: 'hidden.weight', shape: [5, FEATURES], kind: 'weight', layer: 0 },
  { name: 'hidden.bias', shape: [FEATURES], kind: 'bias', layer: 0 },
  { name: 'output.weight', shape: [FEATURES, CLASSES], kind: 'weight', layer: 1 },
  { name: 'output.bias', shape: [CLASSES], kind: 'bias', layer: 1 },
]);
const weight = layout.entry('output.weight').offset;
const bias = layout.entry('output.bias').offset;

/** The last layer's gradient for a random sample: (p − y) and h ⊗ (p − y). */
function lastLayerGradient(seed: number, activation: (value: number) => number) {
  const random = randomStream(seed, 'label');
  const label = random.integer(CLASSES);
  const exponents = Array.from({ length: CLASSES }, () => Math.exp(2 * random.normal()));
  const total = exponents.reduce((sum, value) => sum + value, 0);
  const gradient = new Float32Array(layout.size);
  const hidden = Array.from({ length: FEATURES }, () => activation(random.normal()));
  exponents.forEach((value, at) => {
    const error = value / total - (at === label ? 1 : 0);
    gradient[bias + at] = error;
    hidden.forEach((h, feature) => {
      gradient[weight + feature * CLASSES + at] = h * error;
    });
  });
  return { gradient, label, random };
}

const relu = (value: number) => Math.max(0, value);
const all = () => new Uint8Array(layout.size).fill(1);

test('the label is the class of negative bias gradient, whatever the activation', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(relu, Math.tanh), (seed, activation) => {
      const { gradient, label } = lastLayerGradient(seed, activation);
      expect(inferLabel(layout, { gradient, scored: all(), samples: 1 })).toBe(label);
    }),
    { numRuns: 200 },
  );
});

test('with all biases encrypted, row sums of non-negative features tell the label', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { gradient, label } = lastLayerGradient(seed, relu);
      const scored = all().fill(0, bias, bias + CLASSES);
      expect(inferLabel(layout, { gradient, scored, samples: 1 })).toBe(label);
    }),
    { numRuns: 200 },
  );
});

test("with only the label's bias encrypted, signed features still tell it", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { gradient, label } = lastLayerGradient(seed, Math.tanh);
      const scored = all();
      scored[bias + label] = 0;
      expect(inferLabel(layout, { gradient, scored, samples: 1 })).toBe(label);
    }),
    { numRuns: 200 },
  );
});

test('a class without any exposed coordinate is the label when all others are not', () => {
  const { gradient, label } = lastLayerGradient(7, relu);
  const scored = all();
  const encryptClass = (at: number) => {
    scored[bias + at] = 0;
    for (let feature = 0; feature < FEATURES; feature++)
      scored[weight + feature * CLASSES + at] = 0;
  };
  encryptClass(label);
  expect(inferLabel(layout, { gradient, scored, samples: 1 })).toBe(label);
  encryptClass((label + 1) % CLASSES);
  expect(inferLabel(layout, { gradient, scored, samples: 1 })).toBeUndefined();
});

test('encrypted values play no part', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { gradient, random } = lastLayerGradient(seed, relu);
      const scored = all().map(() => (random.uniform() < 0.5 ? 0 : 1));
      const noisy = gradient.map((value, at) => (scored[at] === 1 ? value : random.normal()));
      expect(inferLabel(layout, { gradient: noisy, scored, samples: 1 })).toBe(
        inferLabel(layout, { gradient, scored, samples: 1 }),
      );
    }),
    { numRuns: 100 },
  );
});

test('no label is named for several samples', () => {
  const { gradient } = lastLayerGradient(1, relu);
  expect(inferLabel(layout, { gradient, scored: all(), samples: 2 })).toBeUndefined();
});
