import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResults } from '../../src/api/results.ts';
import { parseTrajectory } from '../../src/federation/trajectory-format.ts';
import { decodeArtifact } from '../../src/store/artifact.ts';
import { hefl, temporaryFolder, tinySpecification, writeText } from './cli-process.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const run = (defenses: string) =>
  hefl(
    'run',
    writeText(
      join(folder, 'language.yaml'),
      tinySpecification({
        dataset: '{ id: synthetic-tiny-shakespeare, limit: 80, testLimit: 10 }',
        model: 'gpt-char',
        pretraining:
          '{ dataset: synthetic-tiny-shakespeare, samples: 24, epochs: 2, batchSize: 4 }',
        federation:
          '{ clients: 2, clientsPerRound: 2, rounds: 1, localEpochs: 2, batchSize: 4, learningRate: 0.05, partition: natural }',
        defenses,
        attacks: '[perplexity, token-recovery, loss-threshold, inverting-gradients]',
        adversaries: '[stale, mask-aware, oracle]',
      }),
    ),
    ...['--runs', folder],
  );

let results: RunResults;
beforeAll(async () => {
  const { code, stderr } = await run('[none, { id: maskcrypt, ratio: 0.1 }]');
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

test('the initial model is trained on public text once, for every defense', async () => {
  const place = join(folder, 'language/pretrained');
  const [only = '', ...others] = readdirSync(place);
  expect(others).toEqual([]);
  const file = join(place, only, 'model.bin');
  const pretrained = decodeArtifact(readFileSync(file), file) as unknown as Float32Array;
  const [training = ''] = readdirSync(join(folder, 'language/trajectories'));
  const recorded = join(folder, 'language/trajectories', training, 'trajectory.bin');
  const { rounds } = parseTrajectory(decodeArtifact(readFileSync(recorded), recorded));
  expect(rounds[0]?.globalModel).toEqual(pretrained);

  // Adapters train a federation of their own, on the same initial model.
  const written = statSync(file).mtimeMs;
  const { code, stderr } = await run(
    '[none, { id: maskcrypt, ratio: 0.1 }, { id: full, efficiency: { kind: lora, rank: 4, alpha: 4 } }]',
  );
  expect(code).toBe(0);
  expect(stderr).toContain('Train on public data  1/1, 1 reused');
  expect([readdirSync(place), statSync(file).mtimeMs]).toEqual([[only], written]);
}, 240_000);
