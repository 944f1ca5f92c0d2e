import type { DefenseRow } from '../../src/api/results.ts';
import { formatRatio } from '../format.ts';

/** A defense row as tables and charts name and draw it. */
export interface RowLabel {
  readonly key: string;
  /** `MaskCrypt, ρ = 0.05`: unique in the report. */
  readonly label: string;
  readonly family: string;
  readonly familyTitle: string;
  /** The mask is chosen blindly; others are compared with it. */
  readonly control: boolean;
  /** The ratio asked for; where a defense asks for none, the realised one. `null`: unknown. */
  readonly ratio: number | null;
  /** `0.05`; `unknown` without a ratio. */
  readonly ratioText: string;
  /** Which colour and symbol: the same for all ratios of one defense. */
  readonly familyIndex: number;
  /** Which dash: position among the rows of one defense. */
  readonly rank: number;
}

/** Names every row by title and ratio; parameters are added only where two rows would be alike. */
export function labelRows(
  rows: readonly DefenseRow[],
  realisedRatio: (row: string) => number | null,
): RowLabel[] {
  const families = [...new Set(rows.map(({ defense }) => defense))];
  const short = rows.map(shortLabel);
  return rows.map((row, at) => {
    const ratio = row.targetRatio ?? realisedRatio(row.key);
    const alike = rows.filter((_, other) => short[other] === short[at]);
    return {
      key: row.key,
      label: alike.length > 1 ? `${short[at]} (${distinguishing(row, alike)})` : (short[at] ?? ''),
      family: row.defense,
      familyTitle: row.title,
      control: row.control === true,
      ratio,
      ratioText: ratio === null ? 'unknown' : formatRatio(ratio),
      familyIndex: families.indexOf(row.defense),
      rank: rows.slice(0, at).filter(({ defense }) => defense === row.defense).length,
    };
  });
}

/** Stands in for a row that the run names but does not describe. */
export function unknownRow(key: string): RowLabel {
  return {
    key,
    label: key,
    family: key,
    familyTitle: key,
    control: false,
    ratio: null,
    ratioText: 'unknown',
    familyIndex: 7,
    rank: 0,
  };
}

/** Whether the defense encrypts a part: neither nothing nor everything. */
export function isSelective({ ratio }: RowLabel): boolean {
  return ratio === null || (ratio > 0 && ratio < 1);
}

function shortLabel({ title, targetRatio }: DefenseRow): string {
  return targetRatio !== null && targetRatio > 0 && targetRatio < 1
    ? `${title}, ρ\u00a0=\u00a0${formatRatio(targetRatio)}`
    : title;
}

/** The parameters in which `row` differs from rows of the same short label. */
function distinguishing(row: DefenseRow, alike: readonly DefenseRow[]): string {
  const differing = Object.entries(row.params).filter(([name, value]) =>
    alike.some(({ params }) => JSON.stringify(params[name]) !== JSON.stringify(value)),
  );
  return differing.length === 0
    ? row.key
    : differing.map(([name, value]) => `${name} ${readable(value)}`).join(', ');
}

/** `{ kind: lora, rank: 8 }` as lora: rank 8. */
function readable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(readable).join(' and ');
  const { kind, ...rest } = value as Readonly<Record<string, unknown>>;
  const details = Object.entries(rest).map(([name, item]) => `${name} ${readable(item)}`);
  const words = kind === undefined ? [] : [String(kind)];
  return [...words, ...(details.length > 0 ? [details.join(' ')] : [])].join(': ');
}
