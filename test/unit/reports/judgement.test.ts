import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestGuess, judge, worstLevel } from '../../../reports/model/judgement.ts';
import type { MetricValue } from '../../../src/api/metric.ts';
import type { MetricDescription } from '../../../src/api/results.ts';

const metric = (id: string, higherMeansMoreLeakage = true): MetricDescription => ({
  id,
  title: id,
  unit: '',
  kind: 'membership',
  higherMeansMoreLeakage,
  source: '',
});

const value = (
  low: number,
  high: number,
  baselines: Readonly<Record<string, number>> = { chance: 0.5 },
): MetricValue => ({
  value: (low + high) / 2,
  interval: { low, high, level: 0.95, method: 'test' },
  n: 100,
  baselines,
});

describe('the level of a verdict', () => {
  it.each([
    [0.61, 0.7, 'exposed'],
    [0.6, 0.7, 'leaks'],
    [0.51, 0.59, 'leaks'],
    [0.49, 0.53, 'undecided'],
    [0.5, 0.6, 'undecided'],
    [0.3, 0.45, 'undecided'],
    [0.48, 0.52, 'guessing'],
    [0.505, 0.515, 'guessing'],
  ] as const)('AUC interval [%d, %d]: %s', (low, high, level) => {
    expect(judge(value(low, high), metric('auc'))).toBe(level);
  });

  it('says guessing where two one-sided tests do, and nowhere else', () => {
    const tested = (low: number, high: number, p: number) => ({
      ...value(low, high),
      equivalence: { margin: 0.02, p },
    });
    expect(judge(tested(0.479, 0.519, 0.04), metric('auc'))).toBe('guessing');
    expect(judge(tested(0.479, 0.519, 0.06), metric('auc'))).toBe('undecided');
    expect(judge(tested(0.505, 0.515, 0.06), metric('auc'))).toBe('leaks');
  });

  it('compares with the best of the guesses', () => {
    const guesses = { noise: 0.02, 'mean image': 0.21, 'wrong image': 0.17 };
    expect(bestGuess(value(0.1, 0.2, guesses), metric('ssim'))).toBe(0.21);
    expect(judge(value(0.1, 0.2, guesses), metric('ssim'))).toBe('guessing');
    expect(judge(value(0.15, 0.25, guesses), metric('ssim'))).toBe('undecided');
    expect(judge(value(0.25, 0.6, guesses), metric('ssim'))).toBe('leaks');
    expect(judge(value(0.51, 0.9, guesses), metric('ssim'))).toBe('exposed');
  });

  it('turns round where lower means more leakage', () => {
    const guesses = { noise: 0.3, 'mean image': 0.07 };
    const mse = metric('mse', false);
    expect(bestGuess(value(0.01, 0.02, guesses), mse)).toBe(0.07);
    expect(judge(value(0.01, 0.02, guesses), mse)).toBe('leaks');
    expect(judge(value(0.05, 0.09, guesses), mse)).toBe('undecided');
    expect(judge(value(0.08, 0.2, guesses), mse)).toBe('guessing');
  });

  it('does not judge without an interval or a guess, except identical images', () => {
    expect(judge({ value: 0.9, n: 1, baselines: { chance: 0.5 } }, metric('auc'))).toBe('unjudged');
    expect(judge(value(0.6, 0.7, {}), metric('auc'))).toBe('unjudged');
    expect(judge(value(Number.NaN, 0.7), metric('auc'))).toBe('unjudged');
    const identical = { value: Number.POSITIVE_INFINITY, n: 1, baselines: { noise: 6 } };
    expect(judge(identical, metric('psnr'))).toBe('exposed');
  });

  it('does not take one sample for the absence of a leak', () => {
    expect(judge({ ...value(0.5, 0.5), n: 1 }, metric('auc'))).toBe('undecided');
    expect(judge({ ...value(0.9, 0.9), n: 1 }, metric('auc'))).toBe('exposed');
  });

  it('never calls an interval that includes chance a leak', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        (low, high) => {
          expect(['undecided', 'guessing']).toContain(judge(value(low, high), metric('auc')));
        },
      ),
    );
  });

  it('lets the surest leak speak for a defense', () => {
    expect(worstLevel(['guessing', 'undecided', 'leaks'])).toBe('leaks');
    expect(worstLevel(['guessing', 'unjudged'])).toBe('unjudged');
    expect(worstLevel([])).toBe('unjudged');
  });
});
