import { expect, test } from 'vitest';
import { modifiedEntropy } from '../../../attacks/modified-entropy/entropy.ts';

/** Song & Mittal 2021, eq. 8, as written. */
function byDefinition(p: readonly number[], label: number): number {
  return p.reduce(
    (sum, value, at) =>
      sum - (at === label ? (1 - value) * Math.log(value) : value * Math.log(1 - value)),
    0,
  );
}

test('is the paper’s equation 8', () => {
  const p = [0.7, 0.2, 0.1];
  const logits = p.map(Math.log);
  for (const label of [0, 1, 2])
    expect(modifiedEntropy(logits, label)).toBeCloseTo(byDefinition(p, label), 12);
});

test('tells a confident wrong answer from a confident right one, which plain entropy can’t', () => {
  expect(modifiedEntropy([30, 0], 0)).toBeLessThan(1e-10);
  expect(modifiedEntropy([30, 0], 1)).toBeGreaterThan(50);
});

test('stays finite where probabilities round to 0 or 1', () => {
  for (const label of [0, 1, 2])
    expect(Number.isFinite(modifiedEntropy([800, -800, 0], label))).toBe(true);
  // p_0 = 1 up to e^-800: −p_0 ln(1 − p_0) and −(1 − p_2) ln p_2 are 800 each.
  expect(modifiedEntropy([800, -800, 0], 2)).toBeCloseTo(1600, 6);
});
