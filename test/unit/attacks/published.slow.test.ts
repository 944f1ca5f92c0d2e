import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dlg } from '../../../attacks/dlg/index.ts';
import { idlg } from '../../../attacks/idlg/index.ts';
import { invertingGradients } from '../../../attacks/inverting-gradients/index.ts';
import type { Attack, ReconstructionOutput } from '../../../src/api/attack.ts';
import { loadCifar10 } from '../../../src/data/cifar10.ts';
import { dataFolder } from '../../../src/data/data-folder.ts';
import type { LabelledSamples } from '../../../src/data/dataset.ts';
import { loadMnist } from '../../../src/data/mnist.ts';
import { takeSamples } from '../../../src/data/samples.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { psnr } from '../../../src/metrics/psnr.ts';
import { uniform } from '../../../src/models/initializers.ts';
import { convolution, dense, flatten, layersOf, layoutOf } from '../../../src/models/layers.ts';
import type { Model } from '../../../src/models/model.ts';
import { findModel } from '../../../src/models/registry.ts';
import { ask, probeRound } from './setting.ts';

// What the papers show of their attacks, on untrained networks, one image and one local step per
// client, nothing encrypted: first test images, in their order.

const mnist = (await loadMnist({ limit: 1 })).test;
const hasCifar10 = existsSync(join(dataFolder(), 'cifar10', 'test_batch.bin'));
const cifar10 = hasCifar10 ? (await loadCifar10({ limit: 1 })).test : undefined;

/** Every data set that is there, with networks for it. */
const settings = [
  { data: 'MNIST', images: mnist, models: ['dlg-lenet', 'lenet-5'] },
  ...(cifar10
    ? [{ data: 'CIFAR-10', images: cifar10, models: ['dlg-lenet-cifar10', 'lenet-5-cifar10'] }]
    : []),
] as const;
const networks = settings.flatMap(({ data, images, models }) =>
  models.map((id) => ({ data, images, id })),
);

/** An attack with its defaults, or `params`, on the first images; the attacker owns 100 others. */
async function attackFirst<P>(
  attack: Attack<P, ReconstructionOutput>,
  model: Model,
  images: LabelledSamples,
  count: number,
  params: Partial<P> = {},
) {
  const originals = Array.from({ length: count }, (_, at) => takeSamples(images, [at]));
  const start = model.initialize(randomStream(1, 'init'));
  const round = { localSteps: 1, learningRate: 0.1 };
  const { view, aux, truth } = await probeRound(model, start, originals, round);
  const own = Array.from({ length: 100 }, (_, at) => 5000 + at);
  const shadow = takeSamples(images, own);
  const output = await ask(attack, { model, view, aux: { ...aux, shadow }, params });
  return {
    decibels: [...(psnr.score(output, truth)?.perItem ?? [])],
    iterations: output.targets.map(({ iterations }) => iterations),
    labelsRight: output.targets.filter(
      ({ labels }, at) => labels[0] === (originals[at] as LabelledSamples).labels[0],
    ).length,
  };
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function report(what: string, decibels: readonly number[], iterations: readonly number[]): void {
  const each = decibels.map((value) => value.toFixed(1)).join(' ');
  console.log(
    `${what}: mean PSNR ${mean(decibels).toFixed(2)} dB (${each}); at most ${Math.max(...iterations)} iterations per image, ${mean(iterations).toFixed(0)} on average`,
  );
}

test.each(networks)('iDLG tells the labels of 100 images of $data from $id', async (network) => {
  // Labels are read off the last layer before the first iteration.
  const once = { iterations: 1, restarts: 1 };
  const model = findModel(network.id);
  const { labelsRight } = await attackFirst(idlg, model, network.images, 100, once);
  expect(labelsRight).toBe(100);
});

test.each(networks.filter(({ id }) => id.startsWith('dlg-lenet')))(
  'DLG reaches 30 dB on at least 16 of 20 images of $data',
  async ({ data, images, id }) => {
    const { decibels, iterations } = await attackFirst(dlg, findModel(id), images, 20);
    report(`DLG, ${data}, ${id}`, decibels, iterations);
    expect(decibels.filter((value) => value > 30).length).toBeGreaterThanOrEqual(16);
  },
);

describe.skipIf(!cifar10)('Inverting Gradients on CIFAR-10', () => {
  // Geiping et al. 2020, table 1: 18.00 ± 3.33 dB on the first 100 test images, untrained LeNet of
  // Zhu et al., 4,800 iterations, one restart. Their code runs that network with three convolutions.
  const PUBLISHED = 18;

  test.each([zhuLenet(), findModel('dlg-lenet-cifar10')])(
    'comes at least within 2 dB of the published mean on $id',
    async (model) => {
      const images = cifar10 as LabelledSamples;
      const { decibels, iterations } = await attackFirst(invertingGradients, model, images, 20);
      report(`Inverting Gradients, CIFAR-10, ${model.id}`, decibels, iterations);
      expect(Math.max(...iterations)).toBe(4800);
      expect(mean(decibels)).toBeGreaterThan(PUBLISHED - 2);
    },
  );
});

/** DLG's network as the code of Inverting Gradients has it: 15,826 parameters. */
function zhuLenet(): Model {
  const layout = layoutOf({
    conv1: [5, 5, 3, 12],
    conv2: [5, 5, 12, 12],
    conv3: [5, 5, 12, 12],
    fc4: [768, 10],
  });
  return {
    id: 'lenet-zhu',
    title: 'LeNet (Zhu)',
    source: 'Geiping et al. 2020, §5',
    inputShape: [32, 32, 3],
    classes: 10,
    layout,
    initialize: (random) => uniform(layout, 0.5, random),
    logits(parameters, inputs) {
      const [conv1, conv2, conv3, fc4] = layersOf(parameters, 4);
      const halved = { padding: 2, stride: 2 };
      const c1 = tf.sigmoid(convolution(inputs, ...conv1, halved));
      const c2 = tf.sigmoid(convolution(c1, ...conv2, halved));
      const c3 = tf.sigmoid(convolution(c2, ...conv3, { padding: 2 }));
      return dense(flatten(c3), ...fc4);
    },
  };
}
