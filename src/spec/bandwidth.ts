const UNITS: Readonly<Record<string, number>> = {
  'bit/s': 1,
  'kbit/s': 1e3,
  'Mbit/s': 1e6,
  'Gbit/s': 1e9,
  'B/s': 8,
  'kB/s': 8e3,
  'MB/s': 8e6,
  'GB/s': 8e9,
};

const WRITTEN = new RegExp(
  `^\\s*(\\d+(?:\\.\\d+)?(?:e[+-]?\\d{1,3})?)\\s*(${Object.keys(UNITS).join('|')})\\s*$`,
);

/** Bits per second of `100 Mbit/s`; undefined when the text is no positive number with a unit. */
export function parseBandwidth(text: string): number | undefined {
  const [, amount, unit] = WRITTEN.exec(text) ?? [];
  const bitsPerSecond = Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
  return bitsPerSecond > 0 && Number.isFinite(bitsPerSecond) ? bitsPerSecond : undefined;
}

export function formatBandwidth(bitsPerSecond: number): string {
  return `${bitsPerSecond} bit/s`;
}
