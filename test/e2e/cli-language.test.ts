import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResults } from '../../src/api/results.ts';
import { hefl, temporaryFolder, tinySpecification, writeText } from './cli-process.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

let results: RunResults;
beforeAll(async () => {
  const specification = writeText(
    join(folder, 'language.yaml'),
    tinySpecification({
      dataset: '{ id: synthetic-tiny-shakespeare, limit: 80, testLimit: 10 }',
      model: 'gpt-char',
      federation:
        '{ clients: 2, clientsPerRound: 2, rounds: 1, localEpochs: 2, batchSize: 4, learningRate: 0.05, partition: natural }',
      defenses: '[none, { id: maskcrypt, ratio: 0.1 }]',
      attacks: '[perplexity, token-recovery, loss-threshold, inverting-gradients]',
      adversaries: '[stale, mask-aware, oracle]',
    }),
  );
  const { code, stderr } = await hefl('run', specification, '--runs', folder);
  expect(stderr).toContain('Report: ');
  expect(code).toBe(0);
  results = JSON.parse(readFileSync(join(folder, 'language/results.json'), 'utf8'));
}, 240_000);

const score = (row: string, adversary: string, metric: string) =>
  results.pooled.find(
    (one) => one.row === row && one.adversary === adversary && one.metric === metric,
  )?.value.value as number;

test('a language model is trained, masked and asked like any other', () => {
  expect(results.model).toMatchObject({ id: 'gpt-char', parameters: 1_359_744 });
  for (const { federation, attacks } of results.cells) {
    expect(federation.status).toBe('ok');
    for (const { attack, outcome } of attacks)
      expect([attack, outcome.status]).toEqual([
        attack,
        attack === 'inverting-gradients' ? 'not-applicable' : 'ok',
      ]);
  }
});

test('an unmasked update tells the tokens, and its model is better than none', () => {
  expect(score('none', 'stale', 'token-recall')).toBeGreaterThanOrEqual(0.95);
  expect(score('none', 'stale', 'perplexity-members')).toBeLessThan(65);
  for (const metric of ['perplexity-members', 'perplexity-held-out', 'token-f1'])
    expect(score('maskcrypt(ratio=0.1)', 'oracle', metric)).toBe(score('none', 'oracle', metric));
});

test('the report shows both attacks', () => {
  const report = readFileSync(join(folder, 'language/report.html'), 'utf8');
  expect(report).toContain('Perplexity probe');
  expect(report).toContain('Token recovery');
  expect(report).toContain('hide the words of the training texts?');
});
