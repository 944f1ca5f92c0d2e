import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResults } from '../../src/api/results.ts';
import { hefl, temporaryFolder, tinySpecification, writeText } from './cli-process.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const specification = writeText(
  join(folder, 'several.yaml'),
  tinySpecification({
    title: 'The first',
    defenses: '[none]',
    attacks: '[loss-threshold]',
    also: `
  - { title: The same federation, attacks: [analytic-fc] }
  - title: Tables
    dataset: { id: synthetic-location30, limit: 200, testLimit: 20 }
    model: mlp-location`,
  }),
);

let all: readonly RunResults[];
let stdout: string;
beforeAll(async () => {
  const gate = ['--fail-if', 'analytic-fc.ssim > 0.5'];
  const ran = await hefl('run', specification, '--runs', folder, ...gate);
  expect(ran.stderr).toContain('Gate: none under analytic-fc by stale');
  expect(ran.code).toBe(3);
  stdout = ran.stdout;
  const results = JSON.parse(readFileSync(join(folder, 'several/results.json'), 'utf8'));
  all = [results, ...results.also];
}, 120_000);

test('every experiment is carried out, with what it takes over and what it writes itself', () => {
  expect(all.map(({ name, title, dataset }) => [name, title, dataset.id])).toEqual([
    ['several', 'The first', 'synthetic-mnist'],
    ['several-2', 'The same federation', 'synthetic-mnist'],
    ['several-3', 'Tables', 'synthetic-location30'],
  ]);
  for (const { cells } of all)
    for (const { federation, attacks } of cells) {
      expect(federation.status).toBe('ok');
      for (const { outcome } of attacks) expect(outcome.status).toBe('ok');
    }
});

test('experiments on the same federation share its cells', () => {
  const [first, second] = all.map(({ cells }) =>
    cells.map(({ hash, federation }) => [hash, federation]),
  );
  expect(second).toEqual(first);
});

test('the verdict, the CSV and the report show them all', () => {
  const csv = readFileSync(join(folder, 'several/results.csv'), 'utf8');
  const report = readFileSync(join(folder, 'several/report.html'), 'utf8');
  for (const { name, title } of all) {
    expect(csv).toContain(`,${name}\r\n`);
    expect(stdout).toContain(title);
    expect(report).toContain(`>${title}</h1>`);
  }
});

test('the plan counts them all', async () => {
  const { stdout: plan } = await hefl('plan', specification, '--runs', folder);
  for (const name of ['several', 'several-2', 'several-3'])
    expect(plan).toMatch(new RegExp(`^${name} +none`, 'm'));
  expect(plan).toMatch(/^train +2 /m);
}, 60_000);
