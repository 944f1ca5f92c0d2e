import type { DefenseRow } from '../api/results.ts';
import { findModel } from '../models/registry.ts';
import { ciphertextSize, uploadSize } from './ciphertext-size.ts';
import type { ExactPreset, Preset, ReproducedRow, TrainedPreset } from './preset.ts';
import { distilGpt2, distilGpt2State } from './published-models.ts';
import { publishedSizes } from './published-sizes.ts';
import { signedPercent, signedPoints, sizeRow } from './quantities.ts';
import { describeRun } from './run-setting.ts';
import { sliceTimes } from './slice-times.ts';

const SOURCE = 'MaskCrypt (IEEE TDSC 2024)';

/** Table 1, parameters; a trained model's whole state counts. */
const tableOne = [
  { what: 'MNIST, LeNet-5', published: 61_706, ours: () => findModel('lenet-5').layout.size },
  {
    what: 'CIFAR-10, ResNet-18',
    published: 11_183_582,
    ours: () => findModel('resnet-18').layout.size,
  },
  {
    what: 'Purchase100, MLP',
    published: 1_317_348,
    ours: () => findModel('mlp-purchase').layout.size,
  },
  { what: 'Texas100, MLP', published: 7_020_004, ours: () => findModel('mlp-texas').layout.size },
  { what: 'Tiny-Shakespeare, DistilGPT2', published: 81_912_576, ours: distilGpt2 },
] as const;

const table1: ExactPreset = {
  kind: 'exact',
  id: 'maskcrypt/table-1',
  title: 'Table 1: parameters of each model',
  source: SOURCE,
  async reproduce() {
    const rows = tableOne.map(({ what, published, ours }): ReproducedRow => {
      const count = ours();
      return {
        what,
        published: published.toLocaleString('en'),
        ours: count.toLocaleString('en'),
        comparison: count === published ? 'equal' : signedPercent(count / published - 1),
        numbers: { published, ours: count },
      };
    });
    return {
      setting: ['counts of the layouts that are exchanged here; DistilGPT2 from its shapes'],
      rows,
      notes: [
        'ResNet-18 counts 9,600 running statistics and 20 counters of batch norm; Texas100’s files have 6,169 features, though the paper says 6,170.',
      ],
    };
  },
};

const figure2: ExactPreset = {
  kind: 'exact',
  id: 'maskcrypt/fig-2',
  title: 'Fig. 2: how much larger encryption makes a model',
  source: SOURCE,
  async reproduce() {
    const { inflations } = await publishedSizes();
    return {
      setting: [
        'one full ciphertext of each set, encrypted for real, against float32; CKKS and BFV after zlib',
      ],
      rows: inflations.map(({ set, ours, published, note }) => ({
        what: set,
        published,
        ours: `${ours.toFixed(1)}×`,
        comparison: signedPercent(ours / Number(published.replace(/[^\d.]/g, '')) - 1),
        ...(note && { note }),
        numbers: { inflation: ours },
      })),
      notes: [],
    };
  },
};

const figure3: ExactPreset = {
  kind: 'exact',
  id: 'maskcrypt/fig-3',
  title: 'Fig. 3: upload of one client, ResNet-18',
  source: SOURCE,
  async reproduce() {
    const { sizes } = await publishedSizes();
    const { deflatedBytes } = await ciphertextSize('ckks-tenseal');
    const rows = sizes
      .filter(({ what }) => what.startsWith('MaskCrypt'))
      .map(({ what, bytes, ciphertexts, printed }) =>
        sizeRow(what.replace(/^.*ResNet-18, /, ''), printed, bytes, { ciphertexts }),
      );
    const [, fifth, full] = rows.map(({ numbers }) => numbers.bytes ?? Number.NaN);
    return {
      setting: [tensealSetting(deflatedBytes)],
      rows: [
        ...rows,
        {
          what: 'saved by ρ = .2',
          published: '4.15×',
          ours: `${((full ?? Number.NaN) / (fifth ?? Number.NaN)).toFixed(2)}×`,
          comparison: '–',
          numbers: { factor: (full ?? Number.NaN) / (fifth ?? Number.NaN) },
        },
      ],
      notes: ['Ours counts a bitmap of one bit per weight where a part is encrypted.'],
    };
  },
};

/** §6.5, minutes for the whole model. */
const distilGpt2Minutes = [
  { step: 'encrypt', what: 'one client encrypts', minutes: 6 },
  { step: 'aggregate', what: 'the server adds 3 clients', minutes: 7.7 },
  { step: 'decrypt', what: 'one client decrypts', minutes: 3 },
] as const;

/** Fig. 7 and §6.5: one client and round, DistilGPT2. */
const figure7: ExactPreset = {
  kind: 'exact',
  id: 'maskcrypt/fig-7',
  title: 'Fig. 7: DistilGPT2, upload of one client, and times extrapolated from a slice',
  source: SOURCE,
  async reproduce() {
    const { values, deflatedBytes } = await ciphertextSize('ckks-tenseal');
    const state = distilGpt2State();
    const sizeAt = (ratio: number) => {
      const { ciphertexts, plainBytes, bitmapBytes } = uploadSize(state.floats, ratio, values);
      const bytes = ciphertexts * deflatedBytes + plainBytes + bitmapBytes + state.booleanBytes;
      return { bytes, ciphertexts };
    };
    const [none, fifth, full] = [sizeAt(0), sizeAt(0.2), sizeAt(1)];
    const { ciphertexts: everything } = uploadSize(state.floats + state.booleanBytes, 1, values);
    const times = await sliceTimes('ckks-tenseal', 3);
    const timeRows = [
      { title: 'all encrypted', of: full, isPublished: true },
      { title: 'ρ = .2', of: fifth, isPublished: false },
    ].flatMap(({ title, of, isPublished }) =>
      distilGpt2Minutes.map(({ step, what, minutes }): ReproducedRow => {
        const ours = (times[step] * of.ciphertexts) / 60;
        return {
          what: `${title}, ${what} (extrapolated)`,
          published: isPublished ? `${minutes} min` : null,
          ours: `${ours.toFixed(2)} min`,
          comparison: isPublished ? signedPercent(ours / minutes - 1) : '–',
          note: `${(1000 * times[step]).toFixed(2)} ms per ciphertext, measured on ${times.ciphertexts} of ${of.ciphertexts.toLocaleString('en')}`,
          numbers: {
            minutes: ours,
            millisecondsPerCiphertext: 1000 * times[step],
            ciphertexts: of.ciphertexts,
            ...(isPublished && { publishedMinutes: minutes }),
          },
        };
      }),
    );
    return {
      setting: [
        tensealSetting(deflatedBytes),
        `times on one core, of a slice of ${times.ciphertexts} ciphertexts of each of ${times.clients} clients`,
        `the state as it is saved: ${state.floats.toLocaleString('en')} floats, the tied head a second time, and ${state.booleanBytes.toLocaleString('en')} B of attention masks in plaintext`,
      ],
      rows: [
        sizeRow('nothing encrypted', [465.74, 'MB'], none.bytes),
        sizeRow('ρ = .2', [2.4, 'GB'], fifth.bytes, { ciphertexts: fifth.ciphertexts }),
        sizeRow('all encrypted', [10, 'GB'], full.bytes, {
          ciphertexts: full.ciphertexts,
          note: 'the paper says "over 10 GB"',
        }),
        sizeRow('all encrypted, attention masks too', [10, 'GB'], everything * deflatedBytes, {
          ciphertexts: everything,
        }),
        {
          what: 'saved by ρ = .2',
          published: '4.3×',
          ours: `${(full.bytes / fifth.bytes).toFixed(2)}×`,
          comparison: '–',
          numbers: { factor: full.bytes / fifth.bytes },
        },
        ...timeRows,
      ],
      notes: [
        'Extrapolations, not measurements of a whole model: sizes are one real ciphertext times their number, times those of a slice times the number of ciphertexts, on one core of this machine, which should be idle, and without training or the network. The paper’s are from other hardware.',
        `Without the second copy of the head the model has ${distilGpt2().toLocaleString('en')} parameters, ${((4 * distilGpt2()) / 2 ** 20).toFixed(1)} MiB: the published plaintext size holds both.`,
      ],
    };
  },
};

const tensealSetting = (bytes: number) =>
  `ckks-tenseal, one ciphertext of 4096 values encrypted for real: ${bytes.toLocaleString('en')} B after zlib, as TenSEAL writes it (theirs: 334,784 B)`;

/** Table 2: accuracy of the exposed model on members, MNIST. */
const tableTwo = [
  { defense: 'random', ratio: 0.05, published: 0.93 },
  { defense: 'random', ratio: 0.25, published: 0.95 },
  { defense: 'maskcrypt', ratio: 0.05, published: 0.22 },
  { defense: 'maskcrypt', ratio: 0.25, published: 0.14 },
] as const;

/** What the server holds, as the paper can be read; the experiment's adversaries and parameters. */
const views = [
  { name: 'V1', adversary: 'stale', globalModel: 'aggregate' },
  { name: 'V2', adversary: 'global-fill', globalModel: 'plain-part' },
  { name: 'V3', adversary: 'global-fill', globalModel: 'aggregate' },
] as const;

const table2: TrainedPreset = {
  kind: 'trained',
  id: 'maskcrypt/table-2',
  title: 'Table 2: accuracy of the exposed model on members, MNIST (scaled down)',
  source: SOURCE,
  specifications: ['maskcrypt-table2.yaml'],
  read([results]) {
    if (!results) throw new RangeError('no results of maskcrypt-table2.yaml');
    const rows = tableTwo.flatMap(({ defense, ratio, published }) =>
      views.map(({ name, adversary, globalModel }): ReproducedRow => {
        const row = results.rows.find((one) => isRow(one, defense, ratio, globalModel));
        const score = results.pooled.find(
          (one) =>
            one.row === row?.key &&
            one.adversary === adversary &&
            one.metric === 'exposed-accuracy',
        );
        const what = `${defense}, ρ = ${ratio}, ${name}`;
        const printed = { what, published: name === 'V1' ? published.toFixed(2) : null };
        if (!score) return { ...printed, ours: 'not measured', comparison: '–', numbers: {} };
        const { value, interval, n } = score.value;
        const range = interval ? ` [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]` : '';
        return {
          ...printed,
          ours: `${value.toFixed(3)}${range} (n = ${n}, ${score.seeds} seeds)`,
          comparison: name === 'V1' ? signedPoints(100 * (value - published), 1) : '–',
          numbers: {
            value,
            ...(interval && { low: interval.low, high: interval.high }),
            ...(name === 'V1' && { published }),
          },
        };
      }),
    );
    return {
      setting: [describeRun(results)],
      rows,
      notes: [
        'V1: what is encrypted stays as it last was in the victim’s own uploads (the released code). V2: filled from the plaintext part of every global model. V3: filled from the whole global model, which §3.3 hands to the server. The published numbers stand beside V1.',
        'Low accuracy of a patched-up model is not privacy: see the attacks in the report of this run.',
      ],
    };
  },
};

function isRow(
  { defense, targetRatio, params }: DefenseRow,
  wanted: string,
  ratio: number,
  globalModel: string,
): boolean {
  const same = targetRatio !== null && Math.abs(targetRatio - ratio) < 1e-9;
  return defense === wanted && same && params.globalModel === globalModel;
}

export const maskcryptPresets: readonly Preset[] = [table1, figure2, figure3, figure7, table2];
