import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResults } from '../../src/api/results.ts';
import { hefl, temporaryFolder, tinySpecification, writeText } from './cli-process.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

/** One round of two clients with one image each; nobody but they is told the new model. */
const specification = writeText(
  join(folder, 'aggregate.yaml'),
  tinySpecification({
    federation:
      '{ clients: 100, clientsPerRound: 2, rounds: 1, localEpochs: 1, batchSize: 16, learningRate: 0.1 }',
    probes: '{ of: aggregate, images: 0, rounds: [last] }',
    defenses: '[{ id: full, globalModel: plain-part }]',
    attacks: '[analytic-fc, { id: dlg, iterations: 2 }]',
    adversaries: "[mask-aware, 'collusion:1', 'collusion:2', oracle]",
  }),
);

let results: RunResults;
beforeAll(async () => {
  const ran = await hefl('run', specification, '--runs', folder, '--jobs', '1');
  expect(ran.code).toBe(0);
  const text = readFileSync(join(folder, 'aggregate', 'results.json'), 'utf8');
  results = JSON.parse(text) as RunResults;
});

const outcome = (attack: string, adversary: string) =>
  results.cells[0]?.attacks.find((one) => one.attack === attack && one.adversary === adversary)
    ?.outcome;
const answer = (attack: string, adversary: string) => {
  const found = outcome(attack, adversary);
  return found?.status === 'ok' ? found.value : undefined;
};

test('where no aggregate is shown, the answer to all its images is the prior', () => {
  const { gallery, metrics } = answer('dlg', 'mask-aware') ?? {};
  expect(gallery?.map(({ client, from }) => [client, from])).toEqual([
    [-1, 'prior'],
    [-1, 'prior'],
  ]);
  expect(metrics?.psnr?.value).toBe(metrics?.psnr?.baselines?.['mean image']);
});

test('a client that colludes leaves the other’s update, and its own image is not counted', () => {
  const { gallery, metrics } = answer('analytic-fc', 'collusion:1') ?? {};
  expect(gallery).toHaveLength(1);
  expect(metrics?.psnr?.n).toBe(1);
  // Off by float32's rounding of a mean of two, and CKKS's.
  expect(gallery?.[0]?.psnr).toBeGreaterThan(60);
  expect(metrics?.['label-accuracy']?.n).toBe(1);
  const both = answer('dlg', 'oracle')?.gallery;
  expect(both).toHaveLength(2);
  expect(both?.map(({ original }) => original)).toContainEqual(gallery?.[0]?.original);
  const pooled = results.pooled.find(
    (score) =>
      score.attack === 'analytic-fc' &&
      score.adversary === 'collusion:1' &&
      score.metric === 'psnr',
  );
  expect(pooled?.value.n).toBe(1);
});

test('an aggregate of two is not divided out, and the victim never colludes', () => {
  expect(outcome('analytic-fc', 'oracle')).toMatchObject({ status: 'not-applicable' });
  expect(outcome('analytic-fc', 'collusion:2')).toMatchObject({
    status: 'not-applicable',
    reason: expect.stringContaining('Fewer than 2 clients'),
  });
});

test('the report says that it is about aggregates', () => {
  const report = readFileSync(join(folder, 'aggregate', 'report.html'), 'utf8');
  expect(report).toContain('reconstruction from aggregates');
  expect(report).toContain('What the server can draw from a round’s aggregate');
});
