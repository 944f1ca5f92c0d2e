import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type LayerUpdate,
  solveRankOne,
  unexplained,
} from '../../../attacks/analytic-fc/rank-one.ts';
import { randomStream } from '../../../src/engine/random.ts';

const FEATURES = 40;
const UNITS = 12;

/** ΔW = x ⊗ Δb with the given coordinates hidden. */
function layerOf(
  x: ArrayLike<number>,
  b: ArrayLike<number>,
  hidden: { weight(feature: number, unit: number): boolean; bias(unit: number): boolean },
): LayerUpdate {
  return {
    features: x.length,
    units: b.length,
    weight: (feature, unit) =>
      hidden.weight(feature, unit) ? undefined : (x[feature] as number) * (b[unit] as number),
    bias: (unit) => (hidden.bias(unit) ? undefined : b[unit]),
  };
}

function sample(seed: number) {
  const random = randomStream(seed, 'rank-one');
  const x = Float64Array.from({ length: FEATURES }, () =>
    random.uniform() < 0.5 ? 0 : random.uniform(),
  );
  x[0] = 1;
  // Half of the units are dead, as after a ReLU.
  const b = Float64Array.from({ length: UNITS }, (_, unit) =>
    unit % 2 === 0 ? random.normal() : 0,
  );
  return { random, x, b };
}

function expectInput(found: ArrayLike<number>, x: Float64Array, factor = 1) {
  for (const [at, pixel] of x.entries())
    expect((found[at] as number) * factor).toBeCloseTo(pixel, 9);
}

test('a fully exposed layer gives the input exactly', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { x, b } = sample(seed);
      const layer = layerOf(x, b, { weight: () => false, bias: () => false });
      const solution = solveRankOne(layer);
      expectInput(solution.input, x);
      expect(solution.upToScale).toBe(false);
      expect(unexplained(layer, solution)).toBeLessThan(1e-20);
    }),
    { numRuns: 50 },
  );
});

test('one exposed bias is enough, even where most weights are encrypted', () => {
  const { random, x, b } = sample(1);
  const hidden = new Set(
    Array.from({ length: FEATURES * UNITS }, (_, at) => at).filter(() => random.uniform() < 0.5),
  );
  const layer = layerOf(x, b, {
    weight: (feature, unit) => hidden.has(feature * UNITS + unit),
    bias: (unit) => unit !== 2,
  });
  const solution = solveRankOne(layer);
  const open = (feature: number) =>
    Array.from(b.keys()).some((unit) => b[unit] !== 0 && !hidden.has(feature * UNITS + unit));
  for (const [feature, pixel] of x.entries())
    if (open(feature)) expect(solution.input[feature]).toBeCloseTo(pixel, 9);
});

test('a pixel whose column is encrypted in every active unit stays unknown', () => {
  const { x, b } = sample(2);
  const layer = layerOf(x, b, {
    weight: (feature, unit) => feature === 5 && b[unit] !== 0,
    bias: () => false,
  });
  const { input } = solveRankOne(layer);
  expect(input[5]).toBeNaN();
  expect(Array.from(input).filter(Number.isNaN)).toHaveLength(1);
});

test('without any bias the input is right up to one factor', () => {
  const { x, b } = sample(3);
  const layer = layerOf(x, b, { weight: () => false, bias: () => true });
  const { input, upToScale } = solveRankOne(layer);
  expect(upToScale).toBe(true);
  expectInput(input, x, 1 / (input[0] as number));
});

test('nothing exposed, nothing found', () => {
  const { x, b } = sample(4);
  const { input } = solveRankOne(layerOf(x, b, { weight: () => true, bias: () => true }));
  expect(input.every(Number.isNaN)).toBe(true);
});
