import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BitTable,
  type ExpectedTable,
  readBitTable,
  writeBitTable,
} from '../../../src/data/bit-table.ts';
import { checksumOf } from '../../../src/data/checksums.ts';
import { DatasetError } from '../../../src/data/errors.ts';

const expected: ExpectedTable = { name: 'toy', rows: 3, features: 11, classes: 4 };
const table: BitTable = {
  ...{ rows: 3, features: 11, classes: 4 },
  bits: Uint8Array.of(0b10110000, 0b00100000, 0, 0, 0xff, 0b11100000),
  labels: Uint8Array.of(3, 0, 1),
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bit-table-'));
  await writeBitTable(folder, expected, table, 'a test');
});
afterEach(() => rm(folder, { recursive: true }));

const file = (suffix: string) => join(folder, `toy.${suffix}`);
const rewrite = async (suffix: string, change: (content: Buffer) => Uint8Array) =>
  writeFile(file(suffix), gzipSync(change(gunzipSync(await readFile(file(suffix))))));

describe('readBitTable', () => {
  it('reads what was written, and nothing where nothing is', async () => {
    const read = await readBitTable(folder, expected);
    expect(read).toMatchObject({ rows: 3, features: 11, classes: 4 });
    expect([...(read?.bits ?? [])]).toEqual([...table.bits]);
    expect([...(read?.labels ?? [])]).toEqual([...table.labels]);
    expect(await readBitTable(join(folder, 'elsewhere'), expected)).toBeUndefined();
  });

  it.each([
    [
      'a changed bit',
      () =>
        rewrite('features.bits.gz', (bits) => bits.map((byte, at) => (at === 0 ? byte ^ 1 : byte))),
      /toy\.features\.bits\.gz was changed: the sha256/,
    ],
    [
      'a file cut short',
      () => rewrite('labels.u8.gz', (labels) => labels.subarray(0, 2)),
      /toy\.labels\.u8\.gz holds 2 bytes, not 3/,
    ],
    [
      'a file that is longer than it may be',
      () => rewrite('labels.u8.gz', () => new Uint8Array(1e6)),
      /toy\.labels\.u8\.gz can't be decompressed into 3 bytes/,
    ],
    [
      'a file that is no gzip',
      () => writeFile(file('labels.u8.gz'), 'plain'),
      /toy\.labels\.u8\.gz can't be decompressed/,
    ],
    ['a missing file', () => rm(file('labels.u8.gz')), /toy\.labels\.u8\.gz is missing/],
    ['no JSON', () => writeFile(file('meta.json'), '{'), /toy\.meta\.json is no JSON/],
    [
      'JSON of another kind',
      () => writeFile(file('meta.json'), '{"rows": "3"}'),
      /toy\.meta\.json is not as it must be.*rows/s,
    ],
  ])('rejects %s by name', async (_, damage, reason) => {
    await damage();
    const failure = await readBitTable(folder, expected).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    expect((failure as Error).message).toMatch(reason);
  });

  it('rejects a table of another shape, with other sums, unknown classes or stray bits', async () => {
    const read = (other: Partial<ExpectedTable>) => readBitTable(folder, { ...expected, ...other });
    await expect(read({ rows: 4 })).rejects.toThrow(/tells of 3 rows; toy has 4/);
    await expect(
      read({ sums: { features: '0'.repeat(64), labels: '0'.repeat(64) } }),
    ).rejects.toThrow(/features\.bits\.gz was changed/);
    await writeBitTable(folder, expected, { ...table, labels: Uint8Array.of(3, 4, 0) }, 'a test');
    await expect(read({})).rejects.toThrow(/labels.*row 2 has the class 4; it must be below 4/);
    const bits = table.bits.slice();
    bits[3] = 1;
    await writeBitTable(folder, expected, { ...table, bits }, 'a test');
    await expect(read({})).rejects.toThrow(/row 2 has bits beyond feature 11/);
  });

  it('reads client numbers, one per row, and rejects others by line', async () => {
    const withKeys = async (text: string) => {
      await writeFile(file('people.txt.gz'), gzipSync(text));
      const sum = checksumOf(Buffer.from(text), 'sha256');
      return readBitTable(folder, { ...expected, keys: { suffix: '.people.txt.gz', sum } });
    };
    expect([...((await withKeys('7\n9\n7\n'))?.keys ?? [])]).toEqual([7, 9, 7]);
    await expect(withKeys('7\n9\n')).rejects.toThrow(/people.*has 2 lines; the table has 3 rows/);
    await expect(withKeys('7\nx\n7\n')).rejects.toThrow(/people.*line 2 is no number: "x"/);
    const sums = { suffix: '.people.txt.gz', sum: '0'.repeat(64) };
    await expect(readBitTable(folder, { ...expected, keys: sums })).rejects.toThrow(
      /people.*was changed/,
    );
  });
});
