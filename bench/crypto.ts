import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { textTable } from '../src/cli/text-table.ts';
import type { EncryptedVector } from '../src/crypto/scheme.ts';
import { type Case, type Federation, openFederation } from './crypto-federation.ts';
import { publishedSizes, type SizeRow } from './crypto-sizes.ts';

const usage = 'npm run bench -- crypto [--rounds 3] [--json runs/bench/crypto.json]';

const cases: readonly Case[] = [
  { set: 'plain', setup: 'none' },
  { set: 'ckks-tenseal', setup: 'shared' },
  { set: 'ckks-tenseal', setup: 'shared', options: { uploads: 'seeded' } },
  { set: 'ckks-tenseal', setup: 'shared', options: { packing: 'full-slot' } },
  { set: 'ckks-tenseal', setup: 'shared', options: { downloads: 'fewest-primes' } },
  { set: 'ckks-tenseal', setup: 'per-client' },
  { set: 'ckks-fedmlhe', setup: 'shared' },
  { set: 'ckks-add', setup: 'shared' },
  { set: 'ckks-threshold', setup: 'joint' },
  { set: 'ckks-threshold', setup: 'threshold' },
  { set: 'bfv-maskcrypt', setup: 'shared' },
  { set: 'bfv-pack23', setup: 'shared' },
  { set: 'bfv-pack23', setup: 'shared', options: { uploads: 'seeded' } },
  { set: 'paillier-3072', setup: 'shared' },
  { set: 'paillier-3072-lanes', setup: 'shared' },
];

/** One row: milliseconds are the best of the rounds, bytes are those of real ciphertexts. */
interface Measurement {
  readonly set: string;
  readonly setup: string;
  readonly options: Case['options'];
  readonly workers: number;
  readonly keysMs: number;
  /** Per ciphertext; aggregation per uploaded ciphertext, opening per ciphertext of the aggregate. */
  readonly encryptMs: number;
  readonly aggregateMs: number;
  readonly openMs: number;
  readonly uploadBytes: number;
  readonly downloadBytes: number;
  readonly uploadBytesPerMillion: number;
  readonly encryptSecondsPerMillion: number;
  /** Upload bytes ÷ bytes of the same values as float32. */
  readonly inflation: number;
  /** Largest error of the mean of values in [-1, 1]. */
  readonly error: number;
}

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
  if (!(rounds >= 1)) throw new Error(`Usage: ${usage}.`);

  const measurements: Measurement[] = [];
  for (const each of cases)
    for (const workers of each.setup === 'none' ? [1] : [1, 2])
      measurements.push(await measure(each, workers, rounds));
  console.log(measurementTable(measurements));

  const lenet = await lenetSeconds(rounds);
  const speedUp = lenet.one / lenet.two;
  console.log(
    `\nLeNet-5 (61,706 values), 20 clients, ckks-tenseal, all encrypted: encrypt, aggregate and decrypt in ${lenet.one.toFixed(2)} s with one worker, ${lenet.two.toFixed(2)} s with two: ${speedUp.toFixed(2)}×.`,
  );
  const sizes = await publishedSizes();
  console.log(`\n${sizeTable(sizes)}`);

  await mkdir(dirname(values.json), { recursive: true });
  const report = { node: process.version, measurements, lenet: { ...lenet, speedUp }, sizes };
  await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\nWritten to ${values.json}.`);
}

async function measure(each: Case, workers: number, rounds: number): Promise<Measurement> {
  const clients = 4;
  const began = performance.now();
  const federation = await openFederation(each, clients, workers);
  const keysMs = performance.now() - began;
  const { valuesPerCiphertext } = federation.parameterSet;
  const paillier = federation.parameterSet.scheme === 'paillier';
  const length = (paillier ? 2 : 16) * valuesPerCiphertext;
  const models = Array.from({ length: clients }, (_, client) =>
    Float32Array.from({ length }, (_, at) => Math.sin(at * (client + 1))),
  );
  let best: Omit<Round, 'uploads' | 'aggregate' | 'values'> | undefined;
  let last: Round | undefined;
  for (let round = 0; round < rounds; round++) {
    last = await oneRound(federation, models);
    best = {
      encryptMs: Math.min(last.encryptMs, best?.encryptMs ?? Infinity),
      aggregateMs: Math.min(last.aggregateMs, best?.aggregateMs ?? Infinity),
      openMs: Math.min(last.openMs, best?.openMs ?? Infinity),
    };
  }
  await federation.close();
  if (!best || !last) throw new Error('no round was measured');
  const { uploads, aggregate, values } = last;
  const uploaded = uploads.reduce((sum, { ciphertexts }) => sum + ciphertexts.length, 0);
  const uploadBytes = bytesOf(uploads) / uploaded;
  return {
    set: each.set,
    setup: each.setup,
    options: each.options,
    workers,
    keysMs,
    encryptMs: best.encryptMs / uploaded,
    aggregateMs: best.aggregateMs / uploaded,
    openMs: best.openMs / aggregate.ciphertexts.length,
    uploadBytes,
    downloadBytes: bytesOf([aggregate]) / aggregate.ciphertexts.length,
    uploadBytesPerMillion: (1e6 * bytesOf(uploads)) / (clients * length),
    encryptSecondsPerMillion: (1e3 * best.encryptMs) / (clients * length),
    inflation: bytesOf(uploads) / (4 * clients * length),
    error: largestError(values, models),
  };
}

interface Round {
  readonly encryptMs: number;
  readonly aggregateMs: number;
  readonly openMs: number;
  readonly uploads: readonly EncryptedVector[];
  readonly aggregate: EncryptedVector;
  readonly values: Float64Array;
}

async function oneRound(federation: Federation, models: readonly Float32Array[]): Promise<Round> {
  const start = performance.now();
  const uploads = await Promise.all(
    models.map((model, client) => federation.encrypt(client, model)),
  );
  const encrypted = performance.now();
  const aggregate = await federation.aggregate(uploads);
  const aggregated = performance.now();
  const values = await federation.open(aggregate);
  return {
    encryptMs: encrypted - start,
    aggregateMs: aggregated - encrypted,
    openMs: performance.now() - aggregated,
    uploads,
    aggregate,
    values,
  };
}

/** Best of the rounds; one and two workers take turns, so that other load meets both. */
async function lenetSeconds(rounds: number): Promise<{ one: number; two: number }> {
  const models = Array.from({ length: 20 }, (_, client) =>
    Float32Array.from({ length: 61_706 }, (_, at) => Math.sin(at + client)),
  );
  const each: Case = { set: 'ckks-tenseal', setup: 'shared' };
  const one = await openFederation(each, 20, 1);
  const two = await openFederation(each, 20, 2);
  const seconds = async (federation: Federation) => {
    const { encryptMs, aggregateMs, openMs } = await oneRound(federation, models);
    return (encryptMs + aggregateMs + openMs) / 1000;
  };
  const best = { one: Infinity, two: Infinity };
  for (let round = 0; round <= rounds; round++) {
    best.one = Math.min(best.one, await seconds(one));
    best.two = Math.min(best.two, await seconds(two));
  }
  await one.close();
  await two.close();
  return best;
}

function bytesOf(vectors: readonly EncryptedVector[]): number {
  return vectors
    .flatMap(({ ciphertexts }) => ciphertexts)
    .reduce((sum, { length }) => sum + length, 0);
}

function largestError(values: Float64Array, models: readonly Float32Array[]): number {
  return values.reduce((worst, value, at) => {
    const mean = models.reduce((sum, model) => sum + (model[at] ?? NaN), 0) / models.length;
    return Math.max(worst, Math.abs(value - mean));
  }, 0);
}

function measurementTable(measurements: readonly Measurement[]): string {
  const header = [
    'parameter set',
    'keys',
    'workers',
    'encrypt ms',
    'aggregate ms',
    'open ms',
    'upload B',
    'download B',
    'MB / 10^6 values',
    's / 10^6 values',
    'inflation',
    'error',
  ];
  const rows = measurements.map((each) => [
    [each.set, ...Object.values(each.options ?? {})].join(' '),
    each.setup,
    String(each.workers),
    each.encryptMs.toFixed(2),
    each.aggregateMs.toFixed(2),
    each.openMs.toFixed(2),
    each.uploadBytes.toFixed(0),
    each.downloadBytes.toFixed(0),
    (each.uploadBytesPerMillion / 1e6).toFixed(1),
    each.encryptSecondsPerMillion.toFixed(2),
    `${each.inflation.toFixed(2)}×`,
    each.error.toExponential(1),
  ]);
  return textTable([header, ...rows]);
}

function sizeTable(sizes: readonly SizeRow[]): string {
  const header = [
    'size of one upload',
    'parameter set',
    'ours, MiB',
    'published, MiB',
    'difference',
  ];
  const rows = sizes.map(({ what, set, mebibytes, published }) => [
    what,
    set,
    mebibytes.toFixed(2),
    published?.toFixed(2) ?? '–',
    published ? `${(100 * (mebibytes / published - 1)).toFixed(1)} %` : '–',
  ]);
  return textTable([header, ...rows]);
}
