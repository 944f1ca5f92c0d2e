import type { RunResults } from '../api/results.ts';
import { findModel } from '../models/registry.ts';
import { jointRoundSize, uploadSize } from './ciphertext-size.ts';
import type { ExactPreset, Preset, ReproducedRow, TrainedPreset } from './preset.ts';
import { signedPoints, sizeRow } from './quantities.ts';
import { describeRun } from './run-setting.ts';

const SOURCE = 'MASER (2025)';
/** MB of one of the paper's ciphertexts: all six sizes of Table I are whole multiples of it. */
const PAPER_CIPHERTEXT = 1.7957;
/** Slots of one of its ciphertexts, N/2 of a ring of 2^14. */
const PAPER_SLOTS = 8_192;

/** Table I: upload per client, and upload, download and partial decryption together, MB. */
const tableOne = [
  {
    what: 'CIFAR-10, ConvNet, κ = 10 %',
    model: 'maser-convnet',
    kappa: 0.1,
    published: [62.85, 188.56],
  },
  {
    what: 'CIFAR-10, ConvNet, κ = 90 %',
    model: 'maser-convnet',
    kappa: 0.9,
    published: [633.92, 1901.8],
  },
  { what: 'MNIST, LeNet', model: 'maser-lenet', kappa: undefined, published: [25.14, 75.43] },
] as const;
/** Model sizes, MB: 8 bytes a parameter. */
const models = [
  { what: 'CIFAR-10, ConvNet, model', model: 'maser-convnet', published: 23.33 },
  { what: 'MNIST, LeNet, model', model: 'maser-lenet', published: 0.89 },
] as const;

const table1: ExactPreset = {
  kind: 'exact',
  id: 'maser/table-1',
  title: 'Table I: megabytes per client and round',
  source: SOURCE,
  async reproduce() {
    const ours = await jointRoundSize();
    const perRound = ours.upload + ours.download + ours.partialDecryption;
    const rows = tableOne.flatMap(({ what, model, kappa, published: [upload, total] }) => {
      const slices = Math.round(upload / PAPER_CIPHERTEXT);
      const same = Math.ceil((slices * PAPER_SLOTS) / ours.values);
      const parameters = findModel(model).layout.size;
      const exact = uploadSize(parameters, kappa ?? 1, ours.values).ciphertexts;
      const share = kappa ? `exactly ${100 * kappa} %` : 'all';
      return [
        sizeRow(`${what}: upload, as many values`, [upload, 'MB'], same * ours.upload, {
          ciphertexts: same,
          note: `${slices} ciphertexts × ${PAPER_CIPHERTEXT} MB = ${(slices * PAPER_CIPHERTEXT).toFixed(2)} MB, room for ${((100 * slices * PAPER_SLOTS) / parameters).toFixed(1)} % of ${parameters.toLocaleString('en')} parameters`,
        }),
        sizeRow(`${what}: upload, ${share} of the parameters`, null, exact * ours.upload, {
          ciphertexts: exact,
        }),
        sizeRow(`${what}: with download and partial decryption`, [total, 'MB'], same * perRound, {
          ciphertexts: same,
          note: `published: ${(total / upload).toFixed(3)} × its upload`,
        }),
      ];
    });
    const modelRows = models.map(({ what, model, published }) => {
      const bytes = 8 * findModel(model).layout.size;
      return sizeRow(what, [published, 'MB'], bytes, { note: '8 bytes a parameter' });
    });
    return {
      setting: [
        `ours: ckks-threshold under a joint key, one ciphertext of ${ours.values} values: ${ours.upload.toLocaleString('en')} B up, ${ours.download.toLocaleString('en')} B down, ${ours.partialDecryption.toLocaleString('en')} B as a partial decryption, all made for real`,
        `theirs: ${PAPER_CIPHERTEXT} MB for ${PAPER_SLOTS} values, pickled integers`,
      ],
      rows: [...rows, ...modelRows],
      notes: [
        'What the published sizes have room for is not κ exactly: a majority vote keeps fewer weights than κ where clients disagree and κ is small, more where it is large. The MNIST row is the whole model.',
      ],
    };
  },
};

/** Fig. 2: test accuracy on MNIST after round 25, %. */
const figureTwo = [
  { partition: 'IID', vanilla: 99.37, maser: 99.18 },
  { partition: 'Dirichlet(1.0)', vanilla: 99.2, maser: 99.1 },
] as const;

const figure2: TrainedPreset = {
  kind: 'trained',
  id: 'maser/fig-2',
  title: 'Fig. 2: accuracy on MNIST at round 25, vanilla FL and κ = 10 %',
  source: SOURCE,
  specifications: ['maser-fig2-iid.yaml', 'maser-fig2-dirichlet.yaml'],
  read(runs) {
    const rows = figureTwo.flatMap(({ partition, vanilla, maser }, at) => {
      const results = runs[at];
      if (!results) throw new RangeError(`no results of ${figure2.specifications[at]}`);
      const without = accuracies(results, 'none');
      const pruned = accuracies(results, 'maser');
      const gap = 100 * (mean(pruned) - mean(without));
      return [
        accuracyRow(`${partition}, vanilla FL`, vanilla, without),
        accuracyRow(`${partition}, MASER, κ = 10 %`, maser, pruned),
        {
          what: `${partition}, MASER − vanilla`,
          published: signedPoints(maser - vanilla, 2),
          ours: signedPoints(gap, 2),
          comparison: Math.abs(gap) <= 1 ? 'within 1 point' : 'more than 1 point apart',
          numbers: { publishedPoints: maser - vanilla, points: gap },
        },
      ];
    });
    return {
      setting: runs.map(describeRun),
      rows,
      notes: [
        'The paper trains on all of MNIST; here a half is held out as non-members, so clients have half as much data. It names the learning rate, not the local epochs and batch size.',
      ],
    };
  },
};

function accuracies(results: RunResults, defense: string): number[] {
  const row = results.rows.find((one) => one.defense === defense);
  if (!row) throw new RangeError(`${results.name} has no defense ${defense}`);
  return results.cells.flatMap(({ row: key, federation }) => {
    if (key !== row.key || federation.status !== 'ok') return [];
    const last = federation.value.rounds.at(-1);
    return last ? [last.testAccuracy] : [];
  });
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function accuracyRow(what: string, published: number, ours: readonly number[]): ReproducedRow {
  if (ours.length === 0)
    return { what, published: `${published} %`, ours: 'failed', comparison: '–', numbers: {} };
  const percent = 100 * mean(ours);
  const range = ours.map((value) => (100 * value).toFixed(2));
  return {
    what,
    published: `${published} %`,
    ours: `${percent.toFixed(2)} % (${ours.length === 1 ? 'one seed' : `seeds: ${range.join(', ')}`})`,
    comparison: signedPoints(percent - published, 2),
    numbers: { publishedPercent: published, percent, seeds: ours.length },
  };
}

export const maserPresets: readonly Preset[] = [table1, figure2];
