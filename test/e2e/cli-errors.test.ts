import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hefl, startHefl, temporaryFolder, tinySpecification, writeText } from './cli-process.ts';

const folder = temporaryFolder();
const runs = join(folder, 'runs');
afterAll(() => rmSync(folder, { recursive: true }));

const federation = (perRound: number) =>
  `{ clients: 2, clientsPerRound: ${perRound}, rounds: 1, localEpochs: 1, batchSize: 16, learningRate: 0.1 }`;

const incomplete = `
  import { z } from 'hefl-bench';
  const meta = { id: 'mine', version: 1, title: 'Mine', source: 'Me', params: z.strictObject({}) };
  export default { meta, keys: () => ({ setup: 'shared' }), scheme: () => 'ckks-tenseal', mask: { when: () => 'once' },
    serverLearns: () => 'aggregate' };`;

/** Flips a bit of a data file as it is read. */
const damagedData = `data:text/javascript,${encodeURIComponent(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { readFile } = fs.promises;
  fs.promises.readFile = async (path, ...rest) => {
    const bytes = await readFile(path, ...rest);
    if (String(path).endsWith('t10k-labels-idx1-ubyte')) bytes[100] ^= 1;
    return bytes;
  };
  syncBuiltinESMExports();`)}`;

const bad: readonly {
  readonly what: string;
  readonly changes?: Record<string, string>;
  readonly says: readonly (string | RegExp)[];
  readonly imports?: readonly string[];
  readonly plugin?: string;
}[] = [
  {
    what: 'an unknown defense',
    changes: { defenses: '[none, maskcript]' },
    says: [/spec\.yaml:6:\d+/, 'defenses[1]', 'did you mean "maskcrypt"?'],
  },
  {
    what: 'a ratio outside [0, 1]',
    changes: { defenses: '[{ id: random, ratio: 1.5 }]' },
    says: [/spec\.yaml:6:\d+/, 'defenses[0].ratio'],
  },
  {
    what: 'more clients per round than clients',
    changes: { federation: federation(3) },
    says: [/spec\.yaml:3:\d+/, 'federation.clientsPerRound', '2'],
  },
  {
    what: 'a data set that fails its checksum',
    changes: { dataset: 'mnist', model: 'lenet-5', attacks: '[loss-threshold]' },
    imports: [damagedData],
    says: ['t10k-labels-idx1-ubyte', /sha-?256|checksum/i],
  },
  {
    what: "a plug-in without the contract's fields",
    changes: { plugins: '[./mine.ts]', defenses: '[mine]' },
    plugin: incomplete,
    says: ['defense "mine"', 'mine.ts', 'mask.agree is missing'],
  },
];

test.each(bad)('$what is told in a paragraph, and nothing is written', async (input) => {
  const own = join(folder, input.what.replace(/\W+/g, '-'));
  const path = writeText(join(own, 'spec.yaml'), tinySpecification(input.changes));
  if (input.plugin) writeText(join(own, 'mine.ts'), input.plugin);
  const { code, stdout, stderr } = await startHefl(['run', path, '--runs', runs], {
    imports: input.imports ?? [],
  }).result;
  expect(code).toBe(2);
  expect(stdout).toBe('');
  for (const said of input.says) expect(stderr).toMatch(said);
  expect(stderr.trim()).not.toMatch(/\n\n|\n {4}at /);
  expect(existsSync(runs)).toBe(false);
});

test('a wrong command, option or gate is told with what would be right', async () => {
  const [command, option, gate] = await Promise.all([
    hefl('rnu'),
    hefl('plan', '--job', '2'),
    hefl('run', '--fail-if', 'auc above 0.6'),
  ]);
  expect(command).toMatchObject({ code: 2, stdout: '' });
  expect(command.stderr).toContain('Did you mean run?');
  expect(option).toMatchObject({ code: 2, stdout: '' });
  expect(option.stderr).toContain('job');
  expect(gate).toMatchObject({ code: 2, stdout: '' });
  expect(gate.stderr).toContain("'loss-threshold.auc > 0.6'");
  expect(readdirSync(folder)).not.toContain('runs');
});
