import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTemporaryFiles, writeFileAtomically } from '../../../src/store/atomic-file.ts';
import { RunFolder } from '../../../src/store/run-folder.ts';
import { StageFolder } from '../../../src/store/stage-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hefl-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const files = {
  'view.bin': { weights: Float32Array.of(1, -2), none: Number.NaN },
  'ledger.json': { psnr: Number.POSITIVE_INFINITY, bytes: 12 },
};
const stage = () => new StageFolder(join(folder, 'cell'), 'protocol', 'abcd');

test('a stage is complete only once its manifest is written', async () => {
  expect(await stage().verify()).toBe(false);
  await stage().complete(files);
  expect(await stage().verify()).toBe(true);
  expect(await stage().readArtifact('view.bin')).toEqual(files['view.bin']);
  expect(await stage().readJson('ledger.json')).toEqual({ psnr: 'Infinity', bytes: 12 });
  expect(readdirSync(stage().path).sort()).toEqual(['ledger.json', 'manifest.json', 'view.bin']);
});

test('a truncated, changed or missing file is named', async () => {
  await stage().complete(files);
  const view = join(folder, 'cell', 'view.bin');
  const good = readFileSync(view);
  truncateSync(view, good.length - 5);
  await expect(stage().verify()).rejects.toMatchObject({ file: view, field: 'length' });
  good[60] = (good[60] as number) ^ 1;
  writeFileSync(view, good);
  await expect(stage().readArtifact('view.bin')).rejects.toMatchObject({ field: 'sha256' });
  rmSync(view);
  await expect(stage().verify()).rejects.toMatchObject({ file: view, field: 'file' });
});

test('a manifest of another key or without JSON is refused', async () => {
  await stage().complete(files);
  const other = new StageFolder(join(folder, 'cell'), 'protocol', 'ef01');
  await expect(other.verify()).rejects.toMatchObject({ field: 'key' });
  writeFileSync(join(folder, 'cell', 'manifest.json'), '{"stage":');
  await expect(stage().verify()).rejects.toMatchObject({ field: 'text' });
});

test('a failed write leaves nothing behind, and a killed one is cleaned up', async () => {
  await expect(
    writeFileAtomically(join(folder, 'x.bin'), 5 as unknown as string),
  ).rejects.toThrow();
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(join(folder, '.x.bin.123-0.tmp'), 'half');
  writeFileSync(join(folder, '.keep'), 'mine');
  await removeTemporaryFiles(folder);
  expect(readdirSync(folder)).toEqual(['.keep']);
});

test('one process writes a run folder at a time; a dead owner does not count', async () => {
  const run = new RunFolder(join(folder, 'run'));
  const release = await run.lock();
  await expect(run.lock()).rejects.toThrow(`process ${process.pid}`);
  await release();
  writeFileSync(run.file('lock'), '999999999');
  await (await run.lock())();
});
