import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageRoc, truePositiveRate } from '../../../reports/model/roc.ts';

describe('ROC curves', () => {
  const stepped = [
    [0, 0],
    [0, 0.4],
    [0.5, 0.6],
    [1, 1],
  ] as const;

  it('reads the upper end of a step and lines between points', () => {
    expect(truePositiveRate(stepped, 0)).toBe(0.4);
    expect(truePositiveRate(stepped, 0.25)).toBeCloseTo(0.5, 12);
    expect(truePositiveRate(stepped, 1)).toBe(1);
  });

  it('starts at the origin where a curve does not', () => {
    expect(truePositiveRate([[1, 1]], 0.3)).toBeCloseTo(0.3, 12);
  });

  it('averages true positive rates, not points', () => {
    const diagonal = [
      [0, 0],
      [1, 1],
    ] as const;
    for (const [rate, mean] of averageRoc([stepped, diagonal]))
      expect(mean).toBeCloseTo((truePositiveRate(stepped, rate) + rate) / 2, 12);
  });

  it('never falls', () => {
    const curve = fc
      .array(fc.tuple(fc.double({ min: 0, max: 1 }), fc.double({ min: 0, max: 1 })), {
        minLength: 1,
      })
      .filter((points) => points.flat().every(Number.isFinite))
      .map((points) => {
        const sorted = (at: 0 | 1) => points.map((point) => point[at]).sort((a, b) => a - b);
        const [fpr, tpr] = [sorted(0), sorted(1)];
        return fpr.map((rate, at) => [rate, tpr[at] ?? 1] as const);
      });
    fc.assert(
      fc.property(fc.array(curve, { minLength: 1, maxLength: 3 }), (curves) => {
        const rates = averageRoc(curves).map(([, rate]) => rate);
        rates.forEach((rate, at) => {
          expect(rate).toBeGreaterThanOrEqual((rates[at - 1] ?? 0) - 1e-9);
        });
      }),
    );
  });
});
