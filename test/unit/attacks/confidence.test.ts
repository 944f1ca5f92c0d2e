import { expect, test } from 'vitest';
import { confidence, confidences, logProbability } from '../../../attacks/query/confidence.ts';

test('is the log-odds of the class', () => {
  const logits = [0.3, -1.2, 2];
  const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
  logits.forEach((z, label) => {
    const p = Math.exp(z) / total;
    expect(confidence(logits, label)).toBeCloseTo(Math.log(p / (1 - p)), 12);
    expect(logProbability(confidence(logits, label))).toBeCloseTo(Math.log(p), 12);
  });
});

test('tells apart probabilities that round to 1', () => {
  expect(confidence([500, 0, 0], 0)).toBeCloseTo(500 - Math.log(2), 9);
  expect(confidence([400, 0, 0], 0)).toBeCloseTo(400 - Math.log(2), 9);
  expect(confidence([0, 500, 0], 0)).toBeCloseTo(-500, 9);
  expect(logProbability(-500)).toBeCloseTo(-500, 9);
  expect(logProbability(500)).toBeLessThan(0);
});

test('takes every sample by its own label', () => {
  const logits = Float32Array.of(1, 3, 2, 2);
  expect([...confidences(logits, Int32Array.of(1, 0))]).toEqual([2, 0]);
});
