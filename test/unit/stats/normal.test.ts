import { expect, test } from 'vitest';
import { normalUpperTail } from '../../../src/stats/normal.ts';

test('known values, far into the tail', () => {
  // erfc(z/√2)/2 of the C library.
  const known: [number, number][] = [
    [0, 0.5],
    [1, 0.15865525393145705],
    [1.959963984540054, 0.025],
    [2.999999, 0.001349902463485155],
    [3.000001, 0.0013498935997883319],
    [6, 9.865876450377012e-10],
    [10, 7.619853024160593e-24],
    [20, 2.7536241186063314e-89],
  ];
  for (const [z, tail] of known)
    expect(Math.abs(normalUpperTail(z) / tail - 1)).toBeLessThan(1e-12);
});

test('both tails add up to 1', () => {
  for (const z of [0.1, 0.7, 2.9, 3.1, 5]) expect(normalUpperTail(z) + normalUpperTail(-z)).toBe(1);
});

test('falls everywhere, also where the distribution function is 1 in floating point', () => {
  for (let z = -8; z < 35; z += 0.25)
    expect(normalUpperTail(z + 0.25)).toBeLessThan(normalUpperTail(z));
});
