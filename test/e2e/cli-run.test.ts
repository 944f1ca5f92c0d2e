import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResults } from '../../src/api/results.ts';
import {
  type CommandResult,
  hefl,
  startHefl,
  temporaryFolder,
  tinySpecification,
  writeText,
} from './cli-process.ts';

const folder = temporaryFolder();
const runs = join(folder, 'runs');
const specification = writeText(join(folder, 'tiny.yaml'), tinySpecification());
const results = (): RunResults => JSON.parse(readFileSync(join(runs, 'tiny/results.json'), 'utf8'));
let first: CommandResult;

beforeAll(async () => {
  first = await hefl('run', specification, '--runs', runs);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a run ends with a verdict on stdout and a report on disk', () => {
  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout).toContain('Synthetic data');
  expect(first.stdout).toMatch(/No encryption .*\n.*Random mask/);
  expect(first.stderr).toContain('Report: ');
  expect(readFileSync(join(runs, 'tiny/report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  const csv = readFileSync(join(runs, 'tiny/results.csv'), 'utf8');
  expect(csv.split('\r\n').length).toBeGreaterThan(8);
});

test('every cell has its federation and all its attacks', () => {
  const { cells, seeds, rows } = results();
  expect(rows.map(({ key }) => key)).toEqual(['none', 'random(ratio=0.1)']);
  expect(cells).toHaveLength(rows.length * seeds.length);
  for (const cell of cells) {
    expect(cell.federation.status).toBe('ok');
    expect(cell.attacks.map(({ attack, adversary }) => `${attack} ${adversary}`)).toEqual([
      'loss-threshold stale',
      'loss-threshold oracle',
      'analytic-fc stale',
      'analytic-fc oracle',
    ]);
    for (const { outcome } of cell.attacks) expect(outcome.status).toBe('ok');
  }
});

test('what is asked once for the same exposure counts everywhere', () => {
  const scores = (row: string, adversary: string) =>
    results()
      .cells.find((cell) => cell.row === row)
      ?.attacks.find((one) => one.attack === 'loss-threshold' && one.adversary === adversary)
      ?.outcome;
  expect(scores('none', 'oracle')).toEqual(scores('none', 'stale'));
  expect(scores('random(ratio=0.1)', 'oracle')).toEqual(scores('none', 'stale'));
  // 2 defenses × 2 attacks × 2 adversaries, of which only `random` by `stale` differs.
  expect(readdirSync(join(runs, 'tiny/attacks'))).toHaveLength(4);
});

test('running again computes nothing and changes nothing', async () => {
  const report = join(runs, 'tiny/report.html');
  const before = statSync(report).mtimeMs;
  const again = await hefl('run', specification, '--runs', runs, '--json');
  expect(again.code).toBe(0);
  expect(again.stderr).toContain('2/2, 2 reused');
  expect(statSync(report).mtimeMs).toBe(before);
  expect(JSON.parse(again.stdout)).toEqual(results());
});

test('a truncated artifact is named and computed again', async () => {
  const cells = join(runs, 'tiny/cells');
  const trace = join(cells, readdirSync(cells)[0] as string, 'protocol.bin');
  const { size } = statSync(trace);
  truncateSync(trace, size - 100);
  const repaired = await hefl('run', specification, '--runs', runs);
  expect(repaired.code).toBe(0);
  expect(repaired.stderr).toContain(`${trace} is damaged: length is ${size - 100} bytes`);
  expect(repaired.stderr).toContain('Encrypt and aggregate  2/2, 1 reused');
  expect(statSync(trace).size).toBe(size);
});

test('a cell of another layout, and targets that are gone, are recorded again', async () => {
  const cell = join(runs, 'tiny/cells', readdirSync(join(runs, 'tiny/cells'))[0] as string);
  const files = readdirSync(cell).sort();
  expect(files).toEqual(expect.arrayContaining(['cell.json', 'ledger.json', 'protocol.bin']));
  const manifest = JSON.parse(readFileSync(join(cell, 'manifest.json'), 'utf8'));
  writeText(join(cell, 'manifest.json'), JSON.stringify({ ...manifest, stage: 'protocol' }));
  writeText(join(cell, 'view.bin'), 'of the former layout');
  const recorded = await hefl('run', specification, '--runs', runs);
  expect(recorded.code).toBe(0);
  expect(recorded.stderr).toContain('manifest.json is damaged: stage is not protocol/2');
  expect(recorded.stderr).toContain('Encrypt and aggregate  2/2, 1 reused');
  expect(readdirSync(cell).sort()).toEqual(files);

  const targets = join(runs, 'tiny/targets');
  expect(readdirSync(targets)).toHaveLength(1);
  rmSync(join(targets, readdirSync(targets)[0] as string, 'truth.bin'));
  const asked = await hefl('run', specification, '--runs', runs);
  expect(asked.code).toBe(0);
  expect(asked.stderr).toContain('truth.bin is damaged: file is missing');
  expect(asked.stderr).toContain('Attack what the server saw  4/4, 4 reused');
});

test('views lie in the folder only while attacks read them', () => {
  expect(existsSync(join(runs, 'tiny/views'))).toBe(true);
  expect(readdirSync(join(runs, 'tiny/views'))).toEqual([]);
});

test('another attack is asked of the federations that are there', async () => {
  writeText(
    specification,
    tinySpecification({ attacks: '[loss-threshold, analytic-fc, ml-leaks]' }),
  );
  const more = await hefl('run', specification, '--runs', runs);
  expect(more.code).toBe(0);
  expect(more.stderr).toContain('another version of this specification');
  expect(more.stderr).toContain('Encrypt and aggregate  2/2, 2 reused');
  expect(more.stderr).toContain('Attack what the server saw  6/6, 4 reused');
  expect(results().attacks).toHaveLength(3);
});

test('an interrupted run goes on where it stopped', async () => {
  const slow = writeText(
    join(folder, 'slow.yaml'),
    tinySpecification({ attacks: '[{ id: dlg, iterations: 100000 }]' }),
  );
  const running = startHefl(['run', slow, '--runs', runs]);
  await running.saw('Encrypt and aggregate  2/2');
  running.interrupt();
  const stopped = await running.result;
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toContain('the same command goes on from there');
  expect(stopped.stdout).toBe('');
  expect(readdirSync(join(runs, 'slow'))).not.toContain('lock');

  const resumed = startHefl(['run', slow, '--runs', runs]);
  await resumed.saw('Encrypt and aggregate  2/2, 2 reused');
  resumed.interrupt();
  expect((await resumed.result).code).toBe(130);
});

test('report writes the page again, and plan knows what tasks took', async () => {
  const page = join(folder, 'again.html');
  const report = await hefl('report', join(runs, 'tiny'), '--out', page);
  expect(report).toMatchObject({ code: 0, stdout: `${page}\n` });
  expect(readFileSync(page, 'utf8')).toBe(readFileSync(join(runs, 'tiny/report.html'), 'utf8'));
  const plan = await hefl('plan', specification, '--runs', runs);
  expect(plan.stdout).toMatch(/attack loss-threshold +4 +\d+ s each/);
  expect(plan.stdout).toMatch(/Time: at most about .* with/);
});
