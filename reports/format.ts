import type { Interval } from '../src/api/metric.ts';

const MINUS = '\u2212';
/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0';

/** `digits` decimals, a true minus sign, ∞ for infinity. Never `−0.00`. */
export function formatNumber(value: number, digits: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? `${MINUS}∞` : 'undefined';
  const text = Math.abs(value).toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const isZero = Number(text.replaceAll(',', '')) === 0;
  return value < 0 && !isZero ? `${MINUS}${text}` : text;
}

export function formatCount(value: number): string {
  return formatNumber(value, 0);
}

/** A metric's value in its unit: shares as per cent, dB with one decimal, the rest with three. */
export function formatMetric(value: number, unit: string): string {
  if (unit === 'share') return `${formatNumber(value * 100, 1)}${NBSP}%`;
  if (unit === 'dB') return `${formatNumber(value, 1)}${NBSP}dB`;
  return unit === '' ? formatNumber(value, 3) : `${formatNumber(value, 3)}${NBSP}${unit}`;
}

/** A difference of two values; shares differ by points, not by per cent. */
export function formatDifference(value: number, unit: string): string {
  const sign = value > 0 ? '+' : '';
  if (unit === 'share') return `${sign}${formatNumber(value * 100, 1)}${NBSP}points`;
  return `${sign}${formatMetric(value, unit)}`;
}

/** `[0.580, 0.643]`, bounds in the metric's unit without repeating it. */
export function formatInterval(interval: Interval, unit: string): string {
  const bound = (value: number) =>
    unit === 'share' ? formatNumber(value * 100, 1) : formatNumber(value, unit === 'dB' ? 1 : 3);
  return `[${bound(interval.low)}, ${bound(interval.high)}]`;
}

export function formatP(p: number): string {
  return p < 0.001 ? '<\u202f0.001' : formatNumber(p, 3);
}

/** An encrypt ratio, at most three decimals, no trailing zeros: 0.05, 0.25, 1. */
export function formatRatio(ratio: number): string {
  return String(Math.round(ratio * 1000) / 1000);
}

/** `ρ = 0.05`, never broken over two lines. */
export function formatRho(ratioText: string): string {
  return `ρ${NBSP}=${NBSP}${ratioText}`;
}

/** Mebibytes alone, where a column's head names the unit. */
export function formatMebibytes(bytes: number): string {
  return formatSignificant(bytes / 2 ** 20);
}

/** `1.32 MiB (1.38 MB)`: MiB is 2^20 bytes, MB is 10^6. */
export function formatBytes(bytes: number): string {
  return `${formatMebibytes(bytes)}${NBSP}MiB (${formatSignificant(bytes / 1e6)}${NBSP}MB)`;
}

export function formatSeconds(seconds: number): string {
  if (seconds >= 120) {
    const whole = Math.round(seconds);
    return `${formatCount(Math.floor(whole / 60))}${NBSP}min ${whole % 60}${NBSP}s`;
  }
  return seconds > 0 && seconds < 0.1
    ? `${formatSignificant(seconds * 1000)}${NBSP}ms`
    : `${formatSignificant(seconds)}${NBSP}s`;
}

/** Three significant digits without an exponent. */
export function formatSignificant(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return formatNumber(value, 0);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return formatNumber(value, Math.min(digits, 6));
}

/** `3.2×` */
export function formatFactor(factor: number): string {
  return `${factor >= 100 ? formatNumber(factor, 0) : formatSignificant(factor)}×`;
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)}${NBSP}${count === 1 ? one : many}`;
}
