import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResults } from '../../src/api/results.ts';
import { hefl, temporaryFolder, tinySpecification, writeText } from '../e2e/cli-process.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const specification = writeText(
  join(folder, 'golden.yaml'),
  tinySpecification({
    seeds: '[1, 2]',
    defenses: '[none, { id: maskcrypt, ratio: 0.1 }]',
    attacks: '[loss-threshold, ml-leaks, analytic-fc, { id: dlg, iterations: 3 }]',
    adversaries: '[stale, mask-aware, oracle]',
  }),
);

/** What differs between two runs of the same specification: measured time, and encryption noise. */
const MEASURED = new Set([
  'seconds',
  'wallSeconds',
  'createdAt',
  'roundSeconds',
  'keySeconds',
  'aggregationError',
]);

function withoutMeasurements(text: string): RunResults {
  return JSON.parse(text, (key, value) => (MEASURED.has(key) ? undefined : value));
}

async function run(name: string, ...options: string[]): Promise<RunResults> {
  const runs = join(folder, name);
  const { code, stderr } = await hefl('run', specification, '--runs', runs, ...options);
  expect(stderr).toContain('Report: ');
  expect(code).toBe(0);
  return withoutMeasurements(readFileSync(join(runs, 'golden/results.json'), 'utf8'));
}

let results: RunResults;
beforeAll(async () => {
  results = await run('two', '--jobs', '2');
}, 180_000);

test('the same specification gives the same numbers, however many processes share the work', async () => {
  expect(await run('one', '--jobs', '1')).toEqual(results);
}, 180_000);

test('without encryption every adversary gets what the oracle gets', () => {
  for (const cell of results.cells.filter(({ row }) => row === 'none'))
    for (const { attack, outcome } of cell.attacks)
      expect(outcome).toEqual(cell.attacks.find((other) => other.attack === attack)?.outcome);
});

test('encryption does not change training', () => {
  const accuracies = (row: string) =>
    results.cells
      .filter((cell) => cell.row === row)
      .map(({ federation }) =>
        federation.status === 'ok'
          ? federation.value.rounds.map(({ testAccuracy }) => testAccuracy)
          : federation,
      );
  const [plain, masked] = ['none', 'maskcrypt(ratio=0.1)'].map(accuracies);
  expect(masked).toEqual(plain);
});

test('one sample and one step leak the whole image through an open first layer', () => {
  const scores = results.pooled.filter(
    ({ row, attack, metric }) => row === 'none' && attack === 'analytic-fc' && metric === 'ssim',
  );
  expect(scores.length).toBeGreaterThan(0);
  for (const { value, seeds } of scores) {
    expect(seeds).toBe(2);
    expect(value.value).toBeGreaterThan(0.9);
  }
});

test('the outline of the results stays what reports are made from', () => {
  expect(results.format).toBe('hefl-results/1');
  expect(Object.keys(results).sort()).toEqual([
    'adversaries',
    'attacks',
    'cells',
    'comparisons',
    'dataset',
    'environment',
    'format',
    'metrics',
    'model',
    'name',
    'pooled',
    'rows',
    'seeds',
    'specification',
    'title',
    'warnings',
  ]);
  expect(results.dataset).toMatchObject({ id: 'synthetic-mnist', synthetic: true, members: 100 });
  expect(results.rows.map(({ key, targetRatio }) => [key, targetRatio])).toEqual([
    ['none', 0],
    ['maskcrypt(ratio=0.1)', 0.1],
  ]);
  expect(results.cells.map(({ row, seed }) => `${row} ${seed}`)).toEqual([
    'none 1',
    'none 2',
    'maskcrypt(ratio=0.1) 1',
    'maskcrypt(ratio=0.1) 2',
  ]);
  // 4 attacks by 3 adversaries in each cell, pooled over 2 seeds: membership in 6 metrics, one attack
  // with the exposed model's accuracy besides; reconstruction in 11.
  expect(results.cells.map(({ attacks }) => attacks.length)).toEqual([12, 12, 12, 12]);
  expect(results.pooled).toHaveLength(2 * 3 * (7 + 6 + 11 + 11));
});
