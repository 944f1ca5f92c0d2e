import { textTable } from '../src/cli/text-table.ts';
import { fedMlHeCiphertextBytes, type PublishedSizes } from '../src/reproduce/published-sizes.ts';
import type { Measurement } from './crypto-measure.ts';
import type { Target } from './crypto-targets.ts';

const percent = (share: number | undefined) =>
  share === undefined ? '–' : `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)} %`;

function rowName({ set, options, setup, workers }: Measurement): string[] {
  return [[set, ...Object.values(options ?? {})].join(' '), setup, String(workers)];
}

export function ciphertextTable(measurements: readonly Measurement[]): string {
  const header = [
    ...['per ciphertext', 'keys', 'workers', 'keys ms', 'encrypt ms', 'aggregate ms', 'open ms'],
    ...['upload B', 'download B', 'inflation', 'error'],
  ];
  const rows = measurements.map((each) => [
    ...rowName(each),
    each.keysMs.toFixed(0),
    each.encryptMs.toFixed(2),
    each.aggregateMs.toFixed(2),
    each.openMs.toFixed(2),
    each.uploadBytes.toFixed(0),
    each.downloadBytes.toFixed(0),
    `${each.inflation.toFixed(2)}×`,
    each.error.toExponential(1),
  ]);
  return textTable([header, ...rows], [false, false, ...header.slice(2).map(() => true)]);
}

export function millionTable(measurements: readonly Measurement[]): string {
  const header = [
    ...['per million weights', 'keys', 'workers', 'encrypt ms', 'aggregate ms', 'open ms'],
    ...['upload B', 'download B'],
  ];
  const rows = measurements.map((each) => [
    ...rowName(each),
    each.encryptMsPerMillion.toFixed(0),
    each.aggregateMsPerMillion.toFixed(0),
    each.openMsPerMillion.toFixed(0),
    each.uploadBytesPerMillion.toFixed(0),
    each.downloadBytesPerMillion.toFixed(0),
  ]);
  return textTable([header, ...rows], [false, false, ...header.slice(2).map(() => true)]);
}

export function targetTable(targets: readonly Target[]): string {
  const rows = targets.map(({ what, wanted, measured, reached }) => [
    what,
    wanted,
    measured < 0.01 ? measured.toExponential(1) : measured.toFixed(2),
    reached ? 'reached' : 'MISSED',
  ]);
  return textTable([['must reach', 'wanted', 'measured', ''], ...rows]);
}

export function sizeTables({ inflations, sizes }: PublishedSizes): string {
  const inflation = textTable([
    ['MaskCrypt Fig. 2, inflation', 'ours', 'published', 'note'],
    ...inflations.map(({ set, ours, published, note }) => [
      set,
      `${ours.toFixed(1)}×`,
      published,
      note ?? '',
    ]),
  ]);
  const header = [
    ...['one upload', 'ciphertexts', 'published', 'ours, bytes'],
    ...['MB = 10^6 B', 'MB = 2^20 B', 'their ciphertext', 'note'],
  ];
  const rows = sizes.map((row) => [
    row.what,
    row.ciphertexts.toLocaleString('en'),
    row.published,
    Math.round(row.bytes).toLocaleString('en'),
    percent(row.decimalDifference),
    percent(row.difference),
    percent(row.countDifference),
    row.note ?? '',
  ]);
  const theirs = fedMlHeCiphertextBytes.toLocaleString('en');
  return [
    inflation,
    textTable([header, ...rows], [false, true, true, true, true, true, true, false]),
    [
      'Percentages: ours ÷ published - 1, reading the printed MB as 10^6 or as 2^20 bytes (GB = 1024 MB in both).',
      `FedML-HE: MB are 2^20 bytes, of a library whose ciphertext has ${theirs} B; so says the series its authors plotted`,
      '(CNN 110,860,288 B = 407 of them = the 105.72 MB of Table 8; plain 6,656,175 B = 6.35 MB). Counted with that size',
      '(column "their ciphertext") every row but the marked one is within 0.5 %. A SEAL ciphertext of the same parameters',
      'has 262,257 B, 3.7 % less: in binary units fully encrypted rows miss 3 % by that. Read as 10^6 bytes the encrypted',
      "rows come within 3 % of SEAL's size, plain ones don't: a coincidence of 4.9 % for the unit with 3.7 % for the library.",
      'With GB = 10^9 bytes the GB rows would be 3.4 to 3.9 % off. MaskCrypt prints MB of 2^20 bytes.',
    ].join('\n'),
  ].join('\n\n');
}
