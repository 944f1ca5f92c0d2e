import type { ReproducedRow } from './preset.ts';

/** `12.00 MiB = 12.58 MB`: papers write MB for both. */
export function bothUnits(bytes: number): string {
  return bytes >= 2 ** 30
    ? `${(bytes / 2 ** 30).toFixed(2)} GiB = ${(bytes / 1e9).toFixed(2)} GB`
    : `${(bytes / 2 ** 20).toFixed(2)} MiB = ${(bytes / 1e6).toFixed(2)} MB`;
}

/** `+1.2 %`. */
export function signedPercent(share: number): string {
  const percent = (100 * Math.abs(share)).toFixed(1);
  return `${Number(percent) === 0 ? '±' : share < 0 ? '−' : '+'}${percent} %`;
}

/** `+1.3 points`: a difference of percentages. */
export function signedPoints(points: number, digits: number): string {
  const size = Math.abs(points).toFixed(digits);
  return `${Number(size) === 0 ? '±' : points < 0 ? '−' : '+'}${size} points`;
}

export type Unit = 'MB' | 'GB';

/** Bytes of a published amount under both readings of its unit. */
export function readings(amount: number, unit: Unit): { binary: number; decimal: number } {
  return unit === 'GB'
    ? { binary: amount * 2 ** 30, decimal: amount * 1e9 }
    : { binary: amount * 2 ** 20, decimal: amount * 1e6 };
}

/** A published size beside ours, in bytes. */
export function sizeRow(
  what: string,
  published: readonly [amount: number, unit: Unit] | null,
  bytes: number,
  more: { readonly ciphertexts?: number; readonly note?: string } = {},
): ReproducedRow {
  const { ciphertexts, note } = more;
  const known = {
    ...{ what, ours: bothUnits(bytes) },
    ...(note && { note }),
  };
  const numbers = { bytes, ...(ciphertexts !== undefined && { ciphertexts }) };
  if (!published) return { ...known, published: null, comparison: '–', numbers };
  const [amount, unit] = published;
  const { binary, decimal } = readings(amount, unit);
  const units = unit === 'GB' ? ['2^30', '10^9'] : ['2^20', '10^6'];
  return {
    ...known,
    published: `${amount} ${unit}`,
    comparison: `${signedPercent(bytes / binary - 1)} with ${unit} = ${units[0]}, ${signedPercent(bytes / decimal - 1)} with ${units[1]}`,
    numbers: { ...numbers, publishedBytesBinary: binary, publishedBytesDecimal: decimal },
  };
}
