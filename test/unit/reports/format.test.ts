import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDifference,
  formatFactor,
  formatInterval,
  formatList,
  formatMetric,
  formatNumber,
  formatP,
  formatRatio,
  formatSeconds,
  formatSignificant,
} from '../../../reports/format.ts';

/** Spaces that keep a unit on its line, as plain ones. */
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('numbers as the report prints them', () => {
  it('rounds with a true minus sign and never prints a negative zero', () => {
    expect(formatNumber(-0.1234, 3)).toBe('−0.123');
    expect(formatNumber(-0.0001, 3)).toBe('0.000');
    expect(formatNumber(61706, 0)).toBe('61,706');
    expect(formatNumber(Number.POSITIVE_INFINITY, 2)).toBe('∞');
    expect(formatNumber(Number.NEGATIVE_INFINITY, 2)).toBe('−∞');
  });

  it('reads back as the number it was given', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (value) => {
        const read = Number(formatNumber(value, 3).replaceAll(',', '').replace('−', '-'));
        expect(Math.abs(read - value)).toBeLessThanOrEqual(0.0005 + 1e-9);
      }),
    );
  });

  it('prints a value in its metric’s unit', () => {
    expect(plain(formatMetric(0.6123, ''))).toBe('0.612');
    expect(plain(formatMetric(0.6123, 'share'))).toBe('61.2 %');
    expect(plain(formatMetric(18.26, 'dB'))).toBe('18.3 dB');
    expect(plain(formatMetric(Number.POSITIVE_INFINITY, 'dB'))).toBe('∞ dB');
  });

  it('calls a difference of shares points', () => {
    expect(plain(formatDifference(-0.604, 'share'))).toBe('−60.4 points');
    expect(plain(formatDifference(0.02, ''))).toBe('+0.020');
  });

  it('prints interval bounds without the unit', () => {
    const interval = { low: 0.58, high: 0.643, level: 0.95, method: '' };
    expect(formatInterval(interval, '')).toBe('[0.580, 0.643]');
    expect(formatInterval(interval, 'share')).toBe('[58.0, 64.3]');
  });

  it('writes MiB and MB out as what they are', () => {
    expect(plain(formatBytes(2 ** 20))).toBe('1.00 MiB (1.05 MB)');
    expect(plain(formatBytes(9_438_208))).toBe('9.00 MiB (9.44 MB)');
    expect(plain(formatBytes(0))).toBe('0 MiB (0 MB)');
  });

  it('prints seconds in the unit a reader would choose', () => {
    expect(plain(formatSeconds(0.0042))).toBe('4.20 ms');
    expect(plain(formatSeconds(0.756))).toBe('0.756 s');
    expect(plain(formatSeconds(164.2))).toBe('2 min 44 s');
    expect(plain(formatSeconds(179.7))).toBe('3 min 0 s');
  });

  it('keeps small p values, ratios and factors honest', () => {
    expect(plain(formatP(0.0004))).toBe('< 0.001');
    expect(formatP(0.0321)).toBe('0.032');
    expect([formatRatio(0.05), formatRatio(1), formatRatio(0.0504)]).toEqual(['0.05', '1', '0.05']);
    expect([formatFactor(2.314), formatFactor(194.6)]).toEqual(['2.31×', '195×']);
    expect([formatSignificant(0.001234), formatSignificant(9.999)]).toEqual(['0.00123', '10.00']);
  });

  it('lists', () => {
    expect([formatList([]), formatList(['a']), formatList(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a, b and c',
    ]);
  });
});
