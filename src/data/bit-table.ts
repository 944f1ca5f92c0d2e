import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { writeFileAtomically } from '../store/atomic-file.ts';
import { bytesPerRow } from './bit-rows.ts';
import { checksumOf } from './checksums.ts';
import { DatasetError } from './errors.ts';

/** A binary table in memory. */
export interface BitTable {
  readonly rows: number;
  readonly features: number;
  readonly classes: number;
  /** [rows, ceil(features / 8)], most significant bit first, padded with zeros. */
  readonly bits: Uint8Array;
  /** [rows], counted from 0. */
  readonly labels: Uint8Array;
  /** [rows], where the table has natural clients. */
  readonly keys?: Uint32Array;
}

/** What must be true of a table's files; sums are of the uncompressed contents. */
export interface ExpectedTable {
  readonly name: string;
  readonly rows: number;
  readonly features: number;
  readonly classes: number;
  /** Published sums, where there are any; a table converted here has its sums in `meta.json`. */
  readonly sums?: { readonly features: string; readonly labels: string };
  /** One natural client's number per line. */
  readonly keys?: { readonly suffix: string; readonly sum: string };
}

const sum = z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be a sha256' });
const metaFile = z.object({
  rows: z.int(),
  features: z.int(),
  classes: z.int(),
  features_sha256_uncompressed: sum,
  labels_sha256_uncompressed: sum,
});

export const tableFiles = ({ name, keys }: ExpectedTable) => ({
  meta: `${name}.meta.json`,
  features: `${name}.features.bits.gz`,
  labels: `${name}.labels.u8.gz`,
  ...(keys && { keys: `${name}${keys.suffix}` }),
});

/**
 * Reads a table from its files in `folder`: `NAME.meta.json`, `NAME.features.bits.gz`,
 * `NAME.labels.u8.gz` and, where it has natural clients, their numbers.
 *
 * @returns undefined when not even `NAME.meta.json` is there
 * @throws {DatasetError} naming the file and what is wrong with it
 */
export async function readBitTable(
  folder: string,
  expected: ExpectedTable,
): Promise<BitTable | undefined> {
  const { rows, features, classes, sums } = expected;
  const files = tableFiles(expected);
  const path = (file: string) => join(folder, file);
  const metaText = await readIfThere(path(files.meta));
  if (!metaText) return undefined;
  const meta = parseMeta(path(files.meta), metaText, expected);

  const bits = await readCompressed(
    path(files.features),
    rows * bytesPerRow(features),
    sums?.features ?? meta.features_sha256_uncompressed,
  );
  requirePadding(path(files.features), bits, features);
  const labels = await readCompressed(
    path(files.labels),
    rows,
    sums?.labels ?? meta.labels_sha256_uncompressed,
  );
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0)
    throw new DatasetError(
      `${path(files.labels)}: row ${wrong + 1} has the class ${labels[wrong]}; it must be below ${classes}.`,
    );
  const table = { rows, features, classes, bits, labels };
  if (!expected.keys || !files.keys) return table;
  return { ...table, keys: await readKeys(path(files.keys), rows, expected.keys.sum) };
}

/** Writes a table that was made from `source` (its origin, in words), `meta.json` last. */
export async function writeBitTable(
  folder: string,
  expected: ExpectedTable,
  { rows, features, classes, bits, labels }: BitTable,
  source: string,
): Promise<void> {
  const files = tableFiles(expected);
  await writeFileAtomically(join(folder, files.features), await promisify(gzip)(bits));
  await writeFileAtomically(join(folder, files.labels), await promisify(gzip)(labels));
  const meta = {
    ...{ name: expected.name, rows, features, bytes_per_row: bytesPerRow(features) },
    ...{ bit_order: 'MSB first; trailing pad bits zero', classes, source },
    features_sha256_uncompressed: checksumOf(bits, 'sha256'),
    labels_sha256_uncompressed: checksumOf(labels, 'sha256'),
  };
  await writeFileAtomically(join(folder, files.meta), `${JSON.stringify(meta, null, 1)}\n`);
}

/** Row `index` as features 0 and 1. */
export function unpackRow(
  { bits, features }: Pick<BitTable, 'bits' | 'features'>,
  index: number,
  into: Float32Array,
): void {
  const start = index * bytesPerRow(features);
  for (let feature = 0; feature < features; feature++)
    into[feature] = ((bits[start + (feature >> 3)] as number) >> (7 - (feature & 7))) & 1;
}

function parseMeta(path: string, text: Uint8Array, expected: ExpectedTable) {
  const reject = (what: string): never => {
    throw new DatasetError(`${path} ${what}. Delete it and get the data set again.`);
  };
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text).toString('utf8'));
  } catch (error) {
    reject(`is no JSON (${(error as Error).message})`);
  }
  const parsed = metaFile.safeParse(json);
  if (!parsed.success) return reject(`is not as it must be: ${z.prettifyError(parsed.error)}`);
  for (const key of ['rows', 'features', 'classes'] as const)
    if (parsed.data[key] !== expected[key])
      reject(`tells of ${parsed.data[key]} ${key}; ${expected.name} has ${expected[key]}`);
  return parsed.data;
}

async function readCompressed(path: string, bytes: number, wanted: string): Promise<Uint8Array> {
  const remedy = 'Delete it and get the data set again.';
  const compressed = await readIfThere(path);
  if (!compressed)
    throw new DatasetError(`${path} is missing, though the table's meta.json is there. ${remedy}`);
  const content = await promisify(gunzip)(compressed, { maxOutputLength: bytes + 1 }).catch(
    (cause: Error) => {
      throw new DatasetError(
        `${path} can't be decompressed into ${bytes} bytes (${cause.message}). ${remedy}`,
        { cause },
      );
    },
  );
  if (content.length !== bytes)
    throw new DatasetError(`${path} holds ${content.length} bytes, not ${bytes}. ${remedy}`);
  const found = checksumOf(content, 'sha256');
  if (found !== wanted)
    throw new DatasetError(
      `${path} was changed: the sha256 of its content should be ${wanted} and is ${found}. ${remedy}`,
    );
  return content;
}

function requirePadding(path: string, bits: Uint8Array, features: number): void {
  const row = bytesPerRow(features);
  const mask = 0xff >> (8 - (8 * row - features));
  for (let last = row - 1; last < bits.length; last += row)
    if (((bits[last] as number) & mask) !== 0)
      throw new DatasetError(
        `${path}: row ${(last + 1) / row} has bits beyond feature ${features}.`,
      );
}

async function readKeys(path: string, rows: number, wanted: string): Promise<Uint32Array> {
  const compressed = await readIfThere(path);
  if (!compressed) throw new DatasetError(`${path} is missing: it says which rows belong to whom.`);
  const text = await promisify(gunzip)(compressed).catch((cause: Error) => {
    throw new DatasetError(`${path} can't be decompressed (${cause.message}).`, { cause });
  });
  const found = checksumOf(text, 'sha256');
  if (found !== wanted)
    throw new DatasetError(
      `${path} was changed: the sha256 of its content should be ${wanted} and is ${found}.`,
    );
  const lines = text.toString('utf8').trimEnd().split('\n');
  if (lines.length !== rows)
    throw new DatasetError(`${path} has ${lines.length} lines; the table has ${rows} rows.`);
  return Uint32Array.from(lines, (line, at) => {
    if (!/^\d{1,9}$/.test(line))
      throw new DatasetError(`${path}: line ${at + 1} is no number: ${JSON.stringify(line)}.`);
    return Number(line);
  });
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new DatasetError(`${path} can't be read (${code}).`, { cause });
  }
}
