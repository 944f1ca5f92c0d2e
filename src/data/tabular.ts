import { join } from 'node:path';
import { randomStream } from '../engine/random.ts';
import {
  type BitTable,
  type ExpectedTable,
  readBitTable,
  unpackRow,
  writeBitTable,
} from './bit-table.ts';
import { dataFolder } from './data-folder.ts';
import type { Dataset, LabelledSamples } from './dataset.ts';
import { download, type OfficialFile } from './download.ts';
import { DatasetError } from './errors.ts';
import { limitedIndices } from './samples.ts';
import type { DataLimits, DataProgress, DatasetSource } from './source.ts';

/** A binary table that is registered as a data set. */
export interface Table {
  readonly id: string;
  readonly title: string;
  readonly naturalClients?: string;
  readonly expected: ExpectedTable;
  /** The published archive, by its file name, and how its rows are read. */
  readonly archive?: OfficialFile & {
    readonly file: string;
    read(path: string, progress: DataProgress): Promise<Pick<BitTable, 'bits' | 'labels'>>;
  };
  /** Where a table without an archive comes from; a sentence. */
  readonly origin?: string;
}

/** A tenth of the rows, chosen once and for all, measures accuracy: the tables have no test part. */
const TEST_SHARE = 0.1;

/** Tables, as files of the reader and as archives, lie in `tabular` of the data folder. */
export const tableFolder = (folder: string) => join(folder, 'tabular');

/** The data set of a table. */
export function tabularSource(table: Table): DatasetSource {
  const { id, title, naturalClients, expected } = table;
  const { train, test } = splitRows(id, expected.rows);
  return {
    ...{ id, title, synthetic: false, inputShape: [expected.features], classes: expected.classes },
    ...{ trainSamples: train.length, testSamples: test.length },
    ...(naturalClients && { naturalClients }),
    load: (limits) => loadTable(table, limits),
    get: (progress) => getTable(table, progress),
  };
}

/**
 * @throws {DatasetError} naming the file that is missing or wrong, and what to do
 */
export async function loadTable(
  table: Table,
  { limit, testLimit }: DataLimits = {},
  folder: string = dataFolder(),
): Promise<Dataset> {
  const { id, title, expected } = table;
  const found = await readBitTable(tableFolder(folder), expected);
  if (!found) throw new DatasetError(missing(table, folder));
  const { train, test } = splitRows(id, expected.rows);
  const keep = (part: 'train' | 'test', rows: Uint32Array, most: number | undefined) =>
    limitedIndices(id, part, rows.length, most).map((at) => rows[at] as number);
  const trainRows = keep('train', train, limit);
  const { keys } = found;
  const samples = samplesOf(found, trainRows);
  return {
    ...{ id, title, synthetic: false, inputShape: [expected.features], classes: expected.classes },
    train: keys ? { ...samples, clientKeys: trainRows.map((row) => keys[row] as number) } : samples,
    test: samplesOf(found, keep('test', test, testLimit)),
  };
}

/** Converts the archive, which is downloaded unless it is there, into the reader's files. */
export async function getTable(
  table: Table,
  progress: DataProgress,
  folder: string = dataFolder(),
): Promise<void> {
  const { expected, archive } = table;
  const place = tableFolder(folder);
  if (await readBitTable(place, expected)) return;
  if (!archive) throw new DatasetError(missing(table, folder));
  const path = join(place, archive.file);
  await download(archive, path, progress);
  const { bits, labels } = await archive.read(path, progress);
  const { rows, features, classes } = expected;
  const converted = { rows, features, classes, bits, labels };
  await writeBitTable(place, expected, converted, `${archive.url}, ${archive.file}`);
  // Published sums, where there are any, and every other check.
  await readBitTable(place, expected);
}

function missing({ id, expected, archive, origin }: Table, folder: string): string {
  const place = tableFolder(folder);
  return archive
    ? `${id} is not there yet. "hefl data get ${id}" downloads ${archive.url}; or put that file into ${place} as ${archive.file} and run the same command. HEFL_DATA names another folder than ${folder}.`
    : `${id} is not there: its table ${expected.name}.meta.json (with the files named alike) belongs into ${place}. ${origin ?? ''} HEFL_DATA names another folder than ${folder}.`;
}

function splitRows(id: string, rows: number): { train: Uint32Array; test: Uint32Array } {
  const order = randomStream(0, 'test-part', id).permutation(rows);
  const testRows = Math.floor(TEST_SHARE * rows);
  return { test: order.slice(0, testRows).sort(), train: order.slice(testRows).sort() };
}

function samplesOf(table: BitTable, rows: Uint32Array): LabelledSamples {
  const { features } = table;
  const inputs = new Float32Array(rows.length * features);
  rows.forEach((row, at) => {
    unpackRow(table, row, inputs.subarray(at * features, (at + 1) * features));
  });
  return {
    count: rows.length,
    inputShape: [features],
    inputs,
    labels: Int32Array.from(rows, (row) => table.labels[row] as number),
  };
}
