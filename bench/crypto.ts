import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { parameterSets } from '../src/crypto/parameter-sets.ts';
import { publishedSizes } from '../src/reproduce/published-sizes.ts';
import type { Case } from './crypto-federation.ts';
import { type Measurement, measure } from './crypto-measure.ts';
import { ciphertextTable, millionTable, sizeTables, targetTable } from './crypto-tables.ts';
import { measureTargets } from './crypto-targets.ts';

const usage = 'npm run bench -- crypto [--rounds 3] [--json runs/bench/crypto.json]';

/** Every parameter set under every key setup it has, and what the options make of some. */
const cases: readonly Case[] = [
  { set: 'plain', setup: 'none' },
  ...parameterSets
    .filter(({ scheme }) => scheme !== 'plain')
    .flatMap(({ id }): Case[] => [
      { set: id, setup: 'shared' },
      { set: id, setup: 'per-client' },
    ]),
  { set: 'ckks-threshold', setup: 'joint' },
  { set: 'ckks-threshold', setup: 'threshold' },
  { set: 'ckks-tenseal', setup: 'shared', options: { uploads: 'seeded' } },
  { set: 'ckks-tenseal', setup: 'shared', options: { packing: 'full-slot' } },
  { set: 'ckks-tenseal', setup: 'shared', options: { downloads: 'fewest-primes' } },
  { set: 'ckks-add', setup: 'shared', options: { packing: 'full-slot', uploads: 'seeded' } },
  { set: 'bfv-maskcrypt', setup: 'shared', options: { downloads: 'fewest-primes' } },
  { set: 'bfv-pack23', setup: 'shared', options: { uploads: 'seeded' } },
];

/** Measures every parameter set and key setup with one and two workers. */
export async function benchCrypto(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      json: { type: 'string', default: 'runs/bench/crypto.json' },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`Usage: ${usage}.`);
  const load = loadavg()[0] ?? 0;

  const targets = await measureTargets(rounds);
  console.log(targetTable(targets));
  const published = await publishedSizes();
  console.log(`\n${sizeTables(published)}`);
  const measurements: Measurement[] = [];
  for (const each of cases)
    for (const workers of each.setup === 'none' ? [1] : [1, 2])
      measurements.push(await measure(each, workers, rounds));
  console.log(`\n${ciphertextTable(measurements)}\n\n${millionTable(measurements)}`);

  const machine = { node: process.version, cores: cpus().length, load, loadAfter: loadavg()[0] };
  console.log(
    `\n${machine.cores} cores; load average ${load.toFixed(1)} before and ${machine.loadAfter?.toFixed(1)} after.`,
  );
  await mkdir(dirname(values.json), { recursive: true });
  const report = { machine, targets, published, measurements };
  await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`Written to ${values.json}.`);
}
