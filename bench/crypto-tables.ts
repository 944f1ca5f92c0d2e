import { textTable } from '../src/cli/text-table.ts';
import type { Measurement } from './crypto-measure.ts';
import type { PublishedSizes } from './crypto-sizes.ts';
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

export function sizeTables({ inflations, sizes, fedMlHeCiphertextBytes }: PublishedSizes): string {
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
    ...['one upload', 'ciphertexts', 'ours, bytes', 'ours, MiB', 'published', 'difference'],
    ...['(MB = 10^6)', '(their ciphertext)', 'note'],
  ];
  const rows = sizes.map((row) => [
    row.what,
    row.ciphertexts.toLocaleString('en'),
    row.bytes.toFixed(0),
    (row.bytes / 2 ** 20).toFixed(2),
    row.published,
    percent(row.difference),
    row.countDifference === undefined ? '–' : percent(row.decimalDifference),
    percent(row.countDifference),
    row.note ?? '',
  ]);
  const ciphertext = Math.round(fedMlHeCiphertextBytes).toLocaleString('en');
  return [
    inflation,
    textTable([header, ...rows]),
    `FedML-HE prints plain sizes in MiB (1,663,370 × 4 B as 6.35 MB). In the same unit its Table 8 makes one ciphertext ${ciphertext} B, which is 10 KiB more than SEAL's polynomials: with that size (column "their ciphertext") every row but the marked one comes out within 0.5 %, with SEAL's own size fully encrypted rows are 3.7 % smaller. Only when its MB are read as 10^6 bytes (and GB as 1024 MB) are SEAL's own sizes within 3 % of every encrypted row.`,
  ].join('\n\n');
}
