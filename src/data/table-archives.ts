import { streamArchive } from './archive.ts';
import { BitRowReader } from './bit-rows.ts';
import type { BitTable, ExpectedTable } from './bit-table.ts';
import { DatasetError } from './errors.ts';
import type { DataProgress } from './source.ts';

type Shape = Pick<ExpectedTable, 'rows' | 'features' | 'classes'>;
type Rows = Pick<BitTable, 'bits' | 'labels'>;

/** Reads an archive's file `entry`: rows of a class, counted from 1, and features. */
export async function readLabelledRows(
  archive: string,
  entry: string,
  { rows, features, classes }: Shape,
  progress: DataProgress,
): Promise<Rows> {
  const reader = new BitRowReader(`${entry} in ${archive}`, { rows, features, labelled: true });
  const { bits, labels } = await readRows(archive, entry, reader, progress);
  if (!labels) throw new TypeError('rows were read without their classes');
  requireClasses(`${entry} in ${archive}`, labels, classes);
  return { bits, labels };
}

/** Reads features and classes from two files of an archive. */
export async function readRowsAndLabels(
  archive: string,
  entries: { readonly features: string; readonly labels: string },
  { rows, features, classes }: Shape,
  progress: DataProgress,
): Promise<Rows> {
  const reader = new BitRowReader(`${entries.features} in ${archive}`, {
    ...{ rows, features, labelled: false },
  });
  const pieces: Uint8Array[] = [];
  const { bits } = await readRows(archive, entries.features, reader, progress, (name) =>
    name === entries.labels ? { write: (piece) => pieces.push(piece), end() {} } : undefined,
  );
  if (pieces.length === 0)
    throw new DatasetError(`${archive} holds no file ${entries.labels}, or an empty one.`);
  const text = Buffer.concat(pieces).toString('utf8');
  return { bits, labels: parseLabels(`${entries.labels} in ${archive}`, text, rows, classes) };
}

/**
 * One class per line, counted from 1; given back counted from 0.
 *
 * @throws {DatasetError} naming the file and the line
 */
export function parseLabels(name: string, text: string, rows: number, classes: number): Uint8Array {
  const lines = text.trimEnd().split(/\r?\n/);
  if (lines.length !== rows)
    throw new DatasetError(`${name} has ${lines.length} lines; there must be ${rows}.`);
  return Uint8Array.from(lines, (line, at) => {
    const label = Number(line);
    if (!/^\d+$/.test(line) || label < 1 || label > classes)
      throw new DatasetError(
        `${name}: line ${at + 1} is ${JSON.stringify(line)}, no class from 1 to ${classes}.`,
      );
    return label - 1;
  });
}

type OpenEntry = Parameters<typeof streamArchive>[1];

async function readRows(
  archive: string,
  entry: string,
  reader: BitRowReader,
  progress: DataProgress,
  others: OpenEntry = () => undefined,
) {
  let result: ReturnType<BitRowReader['end']> | undefined;
  await streamArchive(archive, (name, bytes) => {
    if (name !== entry) return others(name, bytes);
    let done = 0;
    return {
      write(piece) {
        reader.write(piece);
        done += piece.length;
        progress(`reading ${entry}`, done, bytes);
      },
      end() {
        result = reader.end();
      },
    };
  });
  if (!result) throw new DatasetError(`${archive} holds no file ${entry}.`);
  return result;
}

function requireClasses(name: string, labels: Uint8Array, classes: number): void {
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0)
    throw new DatasetError(
      `${name}: row ${wrong + 1} has the class ${(labels[wrong] as number) + 1}; there are ${classes}.`,
    );
}
