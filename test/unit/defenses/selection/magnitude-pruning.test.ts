import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { percentile, pruneByMagnitude } from '../../../../defenses/selection/magnitude-pruning.ts';
import { layoutOf } from '../../../../src/models/layers.ts';

const f = (...values: number[]) => Float32Array.from(values);

describe('the percentile', () => {
  test('is numpy.percentile, by hand', () => {
    // numpy.percentile([1, 2, 3, 4], [0, 25, 50, 90, 100]) → 1, 1.75, 2.5, 3.7, 4
    const at = (q: number) => percentile(f(1, 2, 3, 4), q);
    expect([0, 25, 50, 100].map(at)).toEqual([1, 1.75, 2.5, 4]);
    expect(at(90)).toBeCloseTo(3.7, 12);
    expect(percentile(f(7), 33)).toBe(7);
  });
});

describe('magnitude pruning', () => {
  // weights 0 … 5 and 8 … 9, biases 6, 7 and 10
  const layout = layoutOf({ a: [3, 2], b: [2, 1] });

  test('by hand: one threshold over all layers, biases kept', () => {
    const model = f(0.1, -0.9, 0.3, 0.2, -0.4, 0.5, 0, 0, 0.8, -0.05, 0);
    // |weights| ascending: .05 .1 .2 .3 .4 .5 .8 .9; κ = 25: the 75th percentile is .5 + .25 · .3 = .575
    expect([...pruneByMagnitude(model, layout, 25)]).toEqual([1, 6, 7, 8, 10]);
    // κ = 50: the median .35
    expect([...pruneByMagnitude(model, layout, 50)]).toEqual([1, 4, 5, 6, 7, 8, 10]);
    expect(pruneByMagnitude(model, layout, 100).length).toBe(11);
  });

  test('keeps what equals the threshold', () => {
    const model = f(1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0);
    expect(pruneByMagnitude(model, layout, 10).length).toBe(11);
  });

  test('keeps ⌈κ%⌉ of different weights at most one more or less, the largest ones', () => {
    const wide = layoutOf({ a: [20, 10] });
    const weights = fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), {
      minLength: 200,
      maxLength: 200,
    });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 100 }), (values, kept) => {
        const model = f(
          ...values.map((value, at) => (at % 2 === 0 ? value : -value)),
          ...Array(10),
        );
        model.fill(0, 200);
        const coordinates = [...pruneByMagnitude(model, wide, kept)].filter((at) => at < 200);
        // n − ⌈(n − 1)(1 − κ)⌉ of n values are at or above the interpolated percentile; 1e-9 for its
        // rounding in floating point.
        expect(coordinates.length).toBe(200 - Math.ceil(199 * (1 - kept / 100) - 1e-9));
        const smallest = Math.min(...coordinates.map((at) => Math.abs(model[at] as number)));
        const larger = values.filter((value) => value > smallest).length;
        expect(larger).toBe(coordinates.length - 1);
      }),
      { numRuns: 50 },
    );
  });
});
