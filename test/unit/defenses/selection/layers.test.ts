import { expect, test } from 'vitest';
import { endLayers } from '../../../../defenses/selection/layers.ts';
import { layoutOf } from '../../../../src/models/layers.ts';

test('end layers have weights and biases', () => {
  const layout = layoutOf({ first: [2, 1], middle: [1, 1], last: [1, 2] });
  expect([...endLayers(layout, 'first')]).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0]);
  expect([...endLayers(layout, 'last')]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1]);
  expect([...endLayers(layout, 'first-and-last')]).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 1]);
  const single = layoutOf({ only: [2, 1] });
  expect([...endLayers(single, 'first-and-last')]).toEqual([1, 1, 1]);
});
