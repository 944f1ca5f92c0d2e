import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { RunResults } from '../../src/api/results.ts';
import { hefl, temporaryFolder, tinySpecification, writeText } from './cli-process.ts';

const folder = temporaryFolder();
const runs = join(folder, 'runs');
afterAll(() => rmSync(folder, { recursive: true }));

const example = fileURLToPath(new URL('../../docs/examples/first-layer.ts', import.meta.url));

/** Attacks of a folder that has neither package.json nor node_modules. */
const plugin = `
  import { type AttackContext, defineAttack, NotApplicable, z } from 'hefl-bench';
  import { constant } from './constant.ts';

  const meta = (id: string) => ({
    id, version: 1, title: id, source: 'A test', params: z.strictObject({}),
    kind: 'membership' as const, adversaries: ['stale', 'oracle'] as const,
  });
  const answer = (aux: any, score: () => number) => ({
    kind: 'membership' as const,
    targets: aux.membership.map(({ client, round, candidates }: any) => ({
      client, round, scores: Float64Array.from({ length: candidates.count }, score),
    })),
  });

  export const attacks = [
    defineAttack({ meta: meta('throws'), run: async () => { throw new TypeError('no such thing'); } }),
    defineAttack({ meta: meta('dies'), run: async () => process.abort() }),
    defineAttack({ meta: meta('shy'), run: async () => { throw new NotApplicable('not here'); } }),
    defineAttack({ meta: meta('lazy'), run: async () => ({ kind: 'membership', targets: [] }) }),
    defineAttack({
      meta: meta('own-cell'),
      run: async (view, aux, context: AttackContext<unknown>) =>
        answer(aux, () => view.rounds.length + (context.adversary === 'oracle' ? 1 : constant)),
    }),
  ];`;

test('plug-ins are benchmarked, and one that fails does not end the run', async () => {
  writeText(join(folder, 'mine/attacks.ts'), plugin);
  writeText(join(folder, 'mine/constant.ts'), 'export const constant: number = 0;');
  const path = writeText(
    join(folder, 'mine/spec.yaml'),
    tinySpecification({
      plugins: `[./attacks.ts, ${JSON.stringify(example)}]`,
      defenses: '[none, first-layer]',
      attacks: '[throws, dies, shy, lazy, own-cell]',
    }),
  );
  const { code, stdout, stderr } = await hefl('run', path, '--runs', runs);
  expect(stderr).toContain('failed. The report names them');
  expect(code).toBe(1);
  expect(stdout).toContain('First layer only');

  const results: RunResults = JSON.parse(readFileSync(join(runs, 'spec/results.json'), 'utf8'));
  const [none, firstLayer] = results.cells;
  expect(firstLayer?.federation).toMatchObject({ status: 'ok' });
  if (firstLayer?.federation.status === 'ok')
    expect(firstLayer.federation.value.realisedRatio).toBeGreaterThan(0.5);
  const outcome = (attack: string, adversary = 'stale') =>
    none?.attacks.find((one) => one.attack === attack && one.adversary === adversary)?.outcome;
  expect(outcome('throws')).toMatchObject({
    status: 'failed',
    code: 'type-error',
    message: 'no such thing',
    hint: expect.stringMatching(/.+/),
  });
  expect(outcome('dies')).toMatchObject({ status: 'failed', code: 'crashed' });
  expect(outcome('shy')).toEqual({ status: 'not-applicable', reason: 'not here' });
  expect(outcome('lazy')).toMatchObject({ status: 'failed', code: 'attack-output-error' });
  expect(outcome('own-cell')).toMatchObject({ status: 'ok' });
  expect(readdirSync(join(runs, 'spec/logs')).length).toBeGreaterThan(0);
  expect(readFileSync(join(runs, 'spec/report.html'), 'utf8')).toContain('no such thing');

  // Reads the rounds and its adversary, so that it is asked for each cell and adversary.
  const cells = readdirSync(join(runs, 'spec/attacks')).map((key) =>
    JSON.parse(readFileSync(join(runs, 'spec/attacks', key, 'record.json'), 'utf8')),
  );
  expect(cells.filter(({ readsMore }) => readsMore)).toHaveLength(4);
});
