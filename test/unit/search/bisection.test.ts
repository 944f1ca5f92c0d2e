import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smallestSafeRatio } from '../../../src/search/bisection.ts';

const search = (threshold: number, range = { from: 0, to: 1, step: 0.01 }) =>
  smallestSafeRatio(range, async (ratio) => ratio >= threshold);

describe('the smallest safe ratio', () => {
  test('is found on the grid, in few questions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), async (threshold) => {
        const { smallest, tried } = await search(threshold);
        expect(smallest).toBeGreaterThanOrEqual(threshold);
        expect((smallest as number) - threshold).toBeLessThan(0.01 + 1e-9);
        // Both ends, and 7 halvings of 100 steps.
        expect(tried.length).toBeLessThanOrEqual(9);
        expect(new Set(tried.map(({ ratio }) => ratio)).size).toBe(tried.length);
      }),
    );
  });

  test('at the ends of the range', async () => {
    expect(await search(2)).toEqual({
      smallest: undefined,
      tried: [{ ratio: 1, safe: false }],
    });
    expect((await search(0)).smallest).toBe(0);
    expect((await search(0)).tried).toHaveLength(2);
    expect((await search(0.5, { from: 0.5, to: 0.5, step: 0.1 })).tried).toEqual([
      { ratio: 0.5, safe: true },
    ]);
    // The last step may be shorter.
    expect((await search(0.95, { from: 0, to: 1, step: 0.3 })).smallest).toBe(1);
  });

  test.each([
    { from: 0.5, to: 0.2, step: 0.1 },
    { from: -0.1, to: 1, step: 0.1 },
    { from: 0, to: 1.2, step: 0.1 },
    { from: 0, to: 1, step: 0 },
  ])('refuses $from … $to by $step', async (range) => {
    await expect(search(0.5, range)).rejects.toThrow(RangeError);
  });
});
