import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checksumOf, sha256 } from '../../../src/data/checksums.ts';
import { diabetesTable } from '../../../src/data/diabetes130.ts';
import { DatasetError } from '../../../src/data/errors.ts';
import { locationTable } from '../../../src/data/location30.ts';
import {
  parseLabels,
  readLabelledRows,
  readRowsAndLabels,
} from '../../../src/data/table-archives.ts';
import { getTable, loadTable, type Table } from '../../../src/data/tabular.ts';

const shape = { rows: 20, features: 9, classes: 3 };
const bit = (row: number, feature: number) => (row * 7 + feature * 3) % 5 < 2;
const featuresOf = (row: number) =>
  Array.from({ length: shape.features }, (_, feature) => Number(bit(row, feature)));
const numbered = (row: number) => 1 + (row % shape.classes);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabular-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** An archive of the given files under the data folder, and its checksum. */
async function pack(file: string, contents: Readonly<Record<string, string>>) {
  const place = join(folder, 'tabular');
  for (const [name, content] of Object.entries(contents)) {
    await mkdir(join(folder, 'files', name, '..'), { recursive: true });
    await writeFile(join(folder, 'files', name), content);
  }
  await mkdir(place, { recursive: true });
  const path = join(place, file);
  await create({ file: path, gzip: true, cwd: join(folder, 'files') }, Object.keys(contents));
  return { path, checksum: sha256(checksumOf(await readFile(path), 'sha256')) };
}

const rows = Array.from({ length: shape.rows }, (_, row) => row);
const labelled = rows.map((row) => [numbered(row), ...featuresOf(row)].join(',')).join('\n');

async function labelledTable(content = labelled): Promise<Table> {
  const { checksum } = await pack('toy.tgz', { toy: content, other: 'x' });
  return {
    id: 'toy',
    title: 'Toy',
    expected: { name: 'toy', ...shape },
    archive: {
      file: 'toy.tgz',
      url: 'http://127.0.0.1:1/toy.tgz',
      checksum,
      read: (path, progress) => readLabelledRows(path, 'toy', shape, progress),
    },
  };
}

describe('a table', () => {
  it('is converted from its archive once, and split into training and test rows', async () => {
    const table = await labelledTable();
    await expect(loadTable(table, {}, folder)).rejects.toThrow(
      /toy is not there yet\. "hefl data get toy" downloads http.*put that file into .*tabular as toy\.tgz/,
    );
    const steps: string[] = [];
    await getTable(table, (step) => steps.push(step), folder);
    expect(steps).toContain('reading toy');
    await rm(join(folder, 'tabular', 'toy.tgz'));
    await getTable(table, () => {}, folder);

    const { train, test, classes, inputShape } = await loadTable(table, {}, folder);
    expect([train.count, test.count, classes, ...inputShape]).toEqual([18, 2, 3, 9]);
    const found = [train, test]
      .flatMap(({ count, inputs, labels }) =>
        Array.from({ length: count }, (_, at) =>
          [(labels[at] as number) + 1, ...inputs.slice(at * 9, (at + 1) * 9)].join(),
        ),
      )
      .sort();
    expect(found).toEqual(rows.map((row) => [numbered(row), ...featuresOf(row)].join()).sort());

    const part = await loadTable(table, { limit: 4, testLimit: 1 }, folder);
    const more = await loadTable(table, { limit: 7, testLimit: 1 }, folder);
    expect(more.train.inputs.slice(0, 4 * 9)).toEqual(part.train.inputs);
  });

  it('is refused by file and row when the archive holds something else', async () => {
    const get = async (content: string) => {
      const table = await labelledTable(content);
      return getTable(table, () => {}, folder);
    };
    await expect(get(labelled.replace(/^1,/, '4,'))).rejects.toThrow(
      /toy in .*toy\.tgz: row 1 has the class 4; there are 3/,
    );
    await expect(get(labelled.slice(0, -4))).rejects.toThrow(/row 20 has 7 features, not 9/);
    expect(await readdir(join(folder, 'tabular'))).toEqual(['toy.tgz']);
  });

  it('is refused when the archive is another one, damaged or without the file', async () => {
    const table = await labelledTable();
    const path = join(folder, 'tabular', 'toy.tgz');
    await expect(readLabelledRows(path, 'absent', shape, () => {})).rejects.toThrow(
      /toy\.tgz holds no file absent/,
    );
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 30));
    await expect(getTable(table, () => {}, folder)).rejects.toThrow(
      /toy\.tgz is not the published file/,
    );
    const failure = await readLabelledRows(path, 'toy', shape, () => {}).catch((error) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    expect(failure.message).toMatch(/toy\.tgz can't be read as a tar archive/);
  });
});

describe('a table of two files', () => {
  const entries = { features: 'set/feats', labels: 'set/labels' };
  const features = rows.map((row) => featuresOf(row).join(',')).join('\n');
  const labels = rows.map(numbered).join('\n');

  it('is read, whichever comes first', async () => {
    const first = await pack('a.tgz', { 'set/labels': labels, 'set/feats': features });
    const read = await readRowsAndLabels(first.path, entries, shape, () => {});
    expect([...read.labels].map((label) => label + 1)).toEqual(rows.map(numbered));
    expect(read.bits.length).toBe(2 * shape.rows);
    const missing = await pack('b.tgz', { 'set/feats': features });
    await expect(readRowsAndLabels(missing.path, entries, shape, () => {})).rejects.toThrow(
      /b\.tgz holds no file set\/labels/,
    );
  });

  it('has one class per line, and another line is refused by its number', () => {
    expect([...parseLabels('labels', '1\n3\n', 2, 3)]).toEqual([0, 2]);
    expect(() => parseLabels('labels', '1\n4\n', 2, 3)).toThrow(/^labels: line 2 is "4", no class/);
    expect(() => parseLabels('labels', '1\n2.0\n', 2, 3)).toThrow(/line 2 is "2\.0"/);
    expect(() => parseLabels('labels', '1\n', 2, 3)).toThrow(/has 1 lines; there must be 2/);
  });
});

const shared = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

describe.skipIf(!existsSync(join(shared, 'tabular')))('real tables (../shared)', () => {
  const classCounts = (labels: Int32Array, classes: number) => {
    const counts = new Array<number>(classes).fill(0);
    for (const label of labels) counts[label] = (counts[label] as number) + 1;
    return counts;
  };

  it('Location30: the archive gives the same table as the bits', async () => {
    await mkdir(join(folder, 'tabular'));
    await copyFile(
      join(shared, 'tabular', 'dataset_location.tgz'),
      join(folder, 'tabular', 'dataset_location.tgz'),
    );
    await getTable(locationTable, () => {}, folder);
    const fromArchive = await loadTable(locationTable, {}, folder);
    const fromBits = await loadTable(locationTable, {}, shared);
    expect(fromArchive.train.labels).toEqual(fromBits.train.labels);
    const bytes = ({ inputs }: { inputs: Float32Array }) => Buffer.from(inputs.buffer);
    expect(bytes(fromArchive.train).equals(bytes(fromBits.train))).toBe(true);
    expect(fromBits.train.count + fromBits.test.count).toBe(5_010);
    // The table's own density, from its description.
    const ones = [fromBits.train, fromBits.test].reduce(
      (sum, { inputs }) => sum + inputs.reduce((total, value) => total + value, 0),
      0,
    );
    expect(ones / (5_010 * 446)).toBeCloseTo(0.12040806279817047, 12);
    expect(classCounts(fromBits.train.labels, 30).every((count) => count > 50)).toBe(true);
  });

  it('Diabetes130: patients are natural clients, fewer than stays', async () => {
    const { train } = await loadTable(diabetesTable, { limit: 5_000, testLimit: 10 }, shared);
    expect(train.clientKeys?.length).toBe(5_000);
    expect(train.clientKeys?.every((key) => key > 0)).toBe(true);
    const whole = await loadTable(diabetesTable, { testLimit: 10 }, shared);
    const patients = new Set(whole.train.clientKeys).size;
    // 63,579 patients in 88,818 stays; nine tenths of the stays are here.
    expect(patients).toBeGreaterThan(56_000);
    expect(patients).toBeLessThan(63_579);
    expect(whole.train.inputs.length).toBe(79_937 * 1_307);
  });

  it("Texas100: the real labels are read as the archive's are", () => {
    const text = gunzipSync(
      readFileSync(join(shared, 'tabular', 'texas100.labels.txt.gz')),
    ).toString('utf8');
    const labels = parseLabels('texas100.labels', text, 67_330, 100);
    expect(new Set(labels).size).toBe(100);
  });
});
