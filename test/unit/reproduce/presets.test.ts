import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import type { RunResults } from '../../../src/api/results.ts';
import { packageFolder } from '../../../src/platform/import-module.ts';
import type { Reproduction, TrainedPreset } from '../../../src/reproduce/preset.ts';
import { bothUnits, signedPercent, sizeRow } from '../../../src/reproduce/quantities.ts';
import { findPreset, presets } from '../../../src/reproduce/registry.ts';

const rowOf = ({ rows }: Reproduction, what: string) => {
  const row = rows.find((one) => one.what === what);
  if (!row) throw new RangeError(`no row ${what} among ${rows.map((one) => one.what)}`);
  return row;
};

async function exact(id: string): Promise<Reproduction> {
  const preset = findPreset(id);
  if (preset.kind !== 'exact') throw new TypeError(`${id} is not exact`);
  return preset.reproduce();
}

describe('every preset', () => {
  it('has an id of its paper and item, once', () => {
    const ids = presets.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^(maskcrypt|fedml-he|maser)\/(table|fig)-\d+$/);
    expect(() => findPreset('maskcrypt/fig3')).toThrow(/did you mean "maskcrypt\/fig-3"/);
  });

  it.each(presets.filter(({ kind }) => kind === 'exact').map(({ id }) => id))(
    '%s gives rows with settings',
    async (id) => {
      const { rows, setting } = await exact(id);
      expect(rows.length).toBeGreaterThan(0);
      expect(setting.length).toBeGreaterThan(0);
      for (const row of rows)
        for (const value of Object.values(row.numbers)) expect(Number.isFinite(value)).toBe(true);
    },
  );

  it.each(presets.filter((preset) => preset.kind === 'trained'))(
    '$id runs experiments that come with the suite',
    async ({ specifications }) => {
      for (const file of specifications) await access(join(packageFolder, 'experiments', file));
    },
  );
});

describe('MaskCrypt', () => {
  it("Table 1: all five counts are the paper's", async () => {
    const { rows } = await exact('maskcrypt/table-1');
    expect(rows.map(({ comparison }) => comparison)).toEqual(new Array(5).fill('equal'));
  });

  it('Fig. 3: within 2 % in binary megabytes, counted in whole ciphertexts', async () => {
    const shown = await exact('maskcrypt/fig-3');
    // ⌈11,183,582 / 4096⌉ and a fifth of it.
    expect(rowOf(shown, 'all encrypted').numbers.ciphertexts).toBe(2_731);
    expect(rowOf(shown, 'ρ = .2').numbers.ciphertexts).toBe(547);
    for (const what of ['nothing encrypted', 'ρ = .2', 'all encrypted']) {
      const { bytes = 0, publishedBytesBinary = 0 } = rowOf(shown, what).numbers;
      expect(Math.abs(bytes / publishedBytesBinary - 1)).toBeLessThan(0.02);
    }
  });

  it('Fig. 7: the plain model is the state with its head twice, to .01 %', async () => {
    const { bytes = 0, publishedBytesBinary = 0 } = rowOf(
      await exact('maskcrypt/fig-7'),
      'nothing encrypted',
    ).numbers;
    expect(Math.abs(bytes / publishedBytesBinary - 1)).toBeLessThan(1e-4);
  });
});

test('Fig. 7: times are those of a slice times the number of ciphertexts, and say so', async () => {
  const { rows, notes } = await exact('maskcrypt/fig-7');
  const times = rows.filter(({ what }) => what.endsWith('(extrapolated)'));
  expect(times.map(({ published }) => published)).toEqual([
    ...['6 min', '7.7 min', '3 min'],
    ...[null, null, null],
  ]);
  for (const { note, numbers } of times) {
    const { minutes = 0, millisecondsPerCiphertext = 0, ciphertexts = 0 } = numbers;
    expect(millisecondsPerCiphertext).toBeGreaterThan(0);
    expect(minutes).toBeCloseTo((millisecondsPerCiphertext * ciphertexts) / 60_000, 9);
    expect(note).toMatch(/^\d+\.\d\d ms per ciphertext, measured on 48 of (29,422|5,885)$/);
  }
  expect(notes[0]).toMatch(/^Extrapolations, not measurements of a whole model/);
});

test("FedML-HE, Table 5: the published size is the encrypted 30 % of k in the paper's ciphertexts", async () => {
  const row = rowOf(
    await exact('fedml-he/table-5'),
    'ResNet-18, DoubleSqueeze, encrypted part alone',
  );
  // ⌈300,000 / 4096⌉ ciphertexts.
  expect(row.numbers.ciphertexts).toBe(74);
  expect(row.note).toContain('19.03 MiB');
});

test('MASER, Table I: multiples of one ciphertext, three times over, and 8 bytes a parameter', async () => {
  const shown = await exact('maser/table-1');
  const uploads = shown.rows.filter(({ what }) => what.endsWith('as many values'));
  // Two ciphertexts of 4096 values hold one of theirs.
  expect(uploads.map(({ numbers }) => numbers.ciphertexts)).toEqual([70, 706, 28]);
  for (const { note } of uploads) expect(note).toMatch(/^\d+ ciphertexts × 1\.7957 MB = /);
  for (const { note } of shown.rows.filter(({ what }) => what.includes('with download')))
    expect(note).toMatch(/published: 3\.000 × its upload/);
  expect(rowOf(shown, 'CIFAR-10, ConvNet, model').comparison).toContain('±0.0 % with 10^6');
});

/** Results with nothing but what a preset reads. */
function results(parts: Partial<RunResults>): RunResults {
  const federation = {
    ...{ clients: 5, clientsPerRound: 5, rounds: 25, localEpochs: 5, batchSize: 32 },
    learningRate: 0.01,
  };
  return {
    title: 'A test',
    specification: { federation },
    dataset: { id: 'mnist', title: 'MNIST', synthetic: false, members: 100, nonMembers: 10 },
    model: { id: 'lenet-5', title: 'LeNet-5', parameters: 1 },
    seeds: [1, 2],
    ...{ rows: [], cells: [], pooled: [] },
    ...parts,
  } as unknown as RunResults;
}

const read = (id: string, runs: readonly RunResults[]) =>
  (findPreset(id) as TrainedPreset).read(runs);

test('MaskCrypt, Table 2: each reading takes its own row and adversary', () => {
  const row = (ratio: number, globalModel: string) => ({
    key: `maskcrypt(${ratio},${globalModel})`,
    ...{ defense: 'maskcrypt', title: 'MaskCrypt', targetRatio: ratio, source: '' },
    params: { ratio, globalModel },
  });
  const score = (key: string, adversary: string, value: number) => ({
    ...{ row: key, attack: 'loss-threshold', adversary, metric: 'exposed-accuracy', seeds: 3 },
    value: {
      value,
      n: 30,
      interval: { low: value - 0.1, high: value + 0.1, level: 0.95, method: '' },
    },
  });
  const shown = read('maskcrypt/table-2', [
    results({
      rows: [row(0.05, 'aggregate'), row(0.05, 'plain-part')],
      pooled: [
        score('maskcrypt(0.05,aggregate)', 'stale', 0.31),
        score('maskcrypt(0.05,aggregate)', 'global-fill', 0.82),
        score('maskcrypt(0.05,plain-part)', 'global-fill', 0.55),
      ] as unknown as RunResults['pooled'],
    }),
  ]);
  expect(rowOf(shown, 'maskcrypt, ρ = 0.05, V1')).toMatchObject({
    published: '0.22',
    ours: '0.310 [0.210, 0.410] (n = 30, 3 seeds)',
    comparison: '+9.0 points',
  });
  expect(rowOf(shown, 'maskcrypt, ρ = 0.05, V2')).toMatchObject({ published: null });
  expect(rowOf(shown, 'maskcrypt, ρ = 0.05, V2').numbers.value).toBe(0.55);
  expect(rowOf(shown, 'maskcrypt, ρ = 0.05, V3').numbers.value).toBe(0.82);
  expect(rowOf(shown, 'random, ρ = 0.25, V1').ours).toBe('not measured');
  expect(shown.setting[0]).toMatch(/MNIST \(100 members\).*5 of 5 clients.*25 rounds.*2 seeds/);
});

test('MASER, Fig. 2: accuracy of the last round over all seeds, and the gap', () => {
  const cell = (row: string, seed: number, accuracies: readonly number[]) => ({
    ...{ row, seed, hash: '', attacks: [] },
    federation: {
      status: 'ok',
      value: { rounds: accuracies.map((testAccuracy) => ({ testAccuracy })) },
    },
  });
  const run = results({
    rows: ['none', 'maser'].map((defense) => ({
      key: defense,
      defense,
    })) as unknown as RunResults['rows'],
    cells: [
      cell('none', 1, [0.5, 0.99]),
      cell('none', 2, [0.5, 0.98]),
      cell('maser', 1, [0.5, 0.97]),
      { ...cell('maser', 2, []), federation: { status: 'failed' } },
    ] as unknown as RunResults['cells'],
  });
  const shown = read('maser/fig-2', [run, run]);
  expect(rowOf(shown, 'IID, vanilla FL')).toMatchObject({
    published: '99.37 %',
    ours: '98.50 % (seeds: 99.00, 98.00)',
  });
  expect(rowOf(shown, 'IID, MASER, κ = 10 %').ours).toBe('97.00 % (one seed)');
  expect(rowOf(shown, 'IID, MASER − vanilla').ours).toBe('−1.50 points');
  expect(rowOf(shown, 'IID, MASER − vanilla').comparison).toBe('more than 1 point apart');
  expect(() => read('maser/fig-2', [run])).toThrow(/no results of maser-fig2-dirichlet\.yaml/);
});

describe('sizes', () => {
  it('stand in both units, which are named', () => {
    expect(bothUnits(2 ** 20)).toBe('1.00 MiB = 1.05 MB');
    expect(bothUnits(3 * 2 ** 30)).toBe('3.00 GiB = 3.22 GB');
    expect(sizeRow('x', [1, 'MB'], 2 ** 20).comparison).toBe(
      '±0.0 % with MB = 2^20, +4.9 % with 10^6',
    );
    expect(sizeRow('x', null, 5).published).toBeNull();
    expect([0.012, -0.012, 0.0004, -0.0004].map(signedPercent)).toEqual([
      '+1.2 %',
      '−1.2 %',
      '±0.0 %',
      '±0.0 %',
    ]);
  });
});
