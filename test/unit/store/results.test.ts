import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RunResults } from '../../../src/api/results.ts';
import { canonicalJson, reviveNumbers, stringifyJson } from '../../../src/store/json.ts';
import { resultsCsv } from '../../../src/store/results-csv.ts';
import { readResults, writeResults } from '../../../src/store/results-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'hefl-results-'));
afterAll(() => rmSync(folder, { recursive: true }));

const results = {
  format: 'hefl-results/1',
  name: 'tiny',
  title: 'NaN',
  dataset: { id: 'synthetic-mnist', synthetic: true },
  rows: [{ key: 'random(ratio=0.05, seed="a")', defense: 'random' }],
  metrics: [{ id: 'psnr', unit: 'dB' }],
  cells: [
    {
      hash: 'ab',
      row: 'random(ratio=0.05, seed="a")',
      seed: 1,
      federation: { status: 'ok', value: { realisedRatio: 0.05 } },
      attacks: [
        {
          attack: 'dlg',
          adversary: 'oracle',
          outcome: {
            status: 'ok',
            value: { metrics: { psnr: { value: Number.POSITIVE_INFINITY, n: 2 } }, seconds: 1 },
          },
        },
        { attack: 'dlg', adversary: 'stale', outcome: { status: 'failed', code: 'x' } },
      ],
    },
  ],
  pooled: [],
  comparisons: [],
} as unknown as RunResults;

test('results survive the file, infinite PSNR included, and a title is never a number', async () => {
  const path = join(folder, 'results.json');
  await writeResults(path, results);
  expect(await readResults(path)).toEqual(results);
});

test('further experiments survive it too, and have lines of their own in the CSV', async () => {
  const path = join(folder, 'several.json');
  const also = [{ ...results, name: 'other' }];
  await writeResults(path, { ...results, also });
  expect(await readResults(path)).toEqual({ ...results, also });
  const lines = resultsCsv({ ...results, also }).split('\r\n');
  expect(lines.map((line) => line.split(',').at(-1))).toEqual([
    'experiment',
    ...['tiny', 'tiny', 'other', 'other'],
    '',
  ]);
});

test('another file is no results', async () => {
  const path = join(folder, 'other.json');
  writeFileSync(path, '{"format":"hefl-results/9"}');
  await expect(readResults(path)).rejects.toMatchObject({ name: 'ArtifactError', field: 'format' });
  writeFileSync(path, '{');
  await expect(readResults(path)).rejects.toMatchObject({ field: 'text' });
});

test('the CSV quotes what needs it and keeps failed attacks', () => {
  const [header, first, second, end] = resultsCsv(results).split('\r\n');
  expect(header).toMatch(/^row,defense,seed,/);
  expect(first).toContain(
    '"random(ratio=0.05, seed=""a"")",random,1,0.05,dlg,oracle,ok,psnr,Infinity',
  );
  expect(second).toContain('dlg,stale,failed,');
  expect(first?.match(/,/g)?.length).toBe((header?.match(/,/g)?.length ?? 0) + 1);
  expect(end).toBe('');
});

test('canonical JSON does not depend on the order of keys', () => {
  expect(canonicalJson({ b: [1, { d: 2, c: 3 }], a: Number.NaN })).toBe(
    '{"a":"NaN","b":[1,{"c":3,"d":2}]}',
  );
  expect(reviveNumbers(JSON.parse(stringifyJson([Number.NaN, 1])))).toEqual([Number.NaN, 1]);
});
