import { describe, expect, test } from 'vitest';
import { parseTarget, standingOf } from '../../../src/search/target.ts';

describe('a target', () => {
  test.each([
    ['psnr < null + 1 dB', { metric: 'psnr', operator: '<', from: 'null', offset: 1 }],
    ['auc<null+.02', { metric: 'auc', operator: '<', from: 'null', offset: 0.02 }],
    ['ssim < 0.3', { metric: 'ssim', operator: '<', from: 'zero', offset: 0.3 }],
    ['mse > null - 1e-2', { metric: 'mse', operator: '>', from: 'null', offset: -0.01 }],
    [' asr-psnr < null ', { metric: 'asr-psnr', operator: '<', from: 'null', offset: 0 }],
  ])('%s', (text, parsed) => {
    expect(parseTarget(text)).toMatchObject(parsed);
  });

  test.each(['', 'psnr', 'psnr < ', 'psnr <= 3', '< 3', 'psnr < null + dB', 'auc < 5 %'])(
    '"%s" is none',
    (text) => {
      expect(() => parseTarget(text)).toThrow("'psnr < null + 1 dB'");
    },
  );
});

describe('standing to a target', () => {
  const interval = (low: number, high: number) => ({ low, high, level: 0.95, method: 'test' });
  const value = { value: 11, interval: interval(10, 12), n: 8 };
  const baselines = { noise: 7, 'mean image': 11.5 };

  test('the whole interval must keep the limit', () => {
    expect(standingOf(parseTarget('psnr < 12.5'), value, true).reached).toBe(true);
    expect(standingOf(parseTarget('psnr < 11.5'), value, true).reached).toBe(false);
    expect(standingOf(parseTarget('mse > 9'), value, false).reached).toBe(true);
    expect(standingOf(parseTarget('mse > 10.5'), value, false).reached).toBe(false);
  });

  test('null is the best guess without a view', () => {
    const given = { ...value, baselines };
    expect(standingOf(parseTarget('psnr < null + 1 dB'), given, true)).toEqual({
      limit: 12.5,
      reached: true,
    });
    expect(standingOf(parseTarget('mse > null'), given, false)).toEqual({
      limit: 7,
      reached: true,
    });
  });

  test('an easy image is no success: the difference to the guess is held against the limit', () => {
    const overNull = { baseline: 'mean image', value: 0.2, interval: interval(-0.1, 0.6) };
    const wide = { value: 11, interval: interval(6, 16), n: 8, baselines, overNull };
    expect(standingOf(parseTarget('psnr < null + 1 dB'), wide, true).reached).toBe(true);
    expect(standingOf(parseTarget('psnr < null + 0.5'), wide, true).reached).toBe(false);
    expect(standingOf(parseTarget('psnr < 12.5'), wide, true).reached).toBe(false);
  });

  test('nothing is called safe for want of measurements', () => {
    expect(standingOf(parseTarget('psnr < 99'), { value: 11, n: 1 }, true)).toMatchObject({
      reached: false,
      reason: expect.stringContaining('no interval'),
    });
    expect(standingOf(parseTarget('psnr < null'), value, true)).toMatchObject({
      reached: false,
      reason: expect.stringContaining('no null baseline'),
    });
  });
});
