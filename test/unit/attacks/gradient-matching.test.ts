import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { dlg } from '../../../attacks/dlg/index.ts';
import { inferLabel } from '../../../attacks/gradient-matching/label-inference.ts';
import { replayLocalTraining } from '../../../attacks/gradient-matching/local-training.ts';
import {
  cosineDistance,
  squaredDistance,
  totalVariation,
} from '../../../attacks/gradient-matching/objectives.ts';
import { observeUpdate } from '../../../attacks/gradient-matching/observed-update.ts';
import { idlg } from '../../../attacks/idlg/index.ts';
import { invertingGradients } from '../../../attacks/inverting-gradients/index.ts';
import type { LabelledSamples } from '../../../src/data/dataset.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import { ssim } from '../../../src/metrics/ssim.ts';
import { findModel } from '../../../src/models/registry.ts';
import { exposeTransmission } from '../../../src/view/exposure.ts';
import { ask, engine, probeRound, take, trainLocally } from './setting.ts';

const dlgLenet = findModel('dlg-lenet');
const lenet5 = findModel('lenet-5');
const random = randomStream(5, 'test');

describe('replayed local training', () => {
  const model = lenet5;
  const start = model.initialize(random.derive('init'));

  async function replay(own: LabelledSamples, localSteps: number, batchSize: number, proximal = 0) {
    const learningRate = 0.05;
    const program = await engine.compile({
      name: 'test/replay',
      state: [],
      constants: [
        ...model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' as const })),
        { shape: [own.count, ...own.inputShape], dtype: 'float32' },
        { shape: [own.count, 10], dtype: 'float32' },
      ],
      perStep: [],
      step({ constants }) {
        const tensors = model.layout.entries.length;
        const [images, targets] = constants.slice(tensors) as [Tensor, Tensor];
        const training = { model, localSteps, batchSize, learningRate, proximal };
        const weights = constants.slice(0, tensors);
        return { state: [], outputs: [replayLocalTraining(training, weights, images, targets)] };
      },
    });
    const oneHot = new Float32Array(own.count * 10);
    own.labels.forEach((label, at) => {
      oneHot[at * 10 + label] = 1;
    });
    const { outputs } = await program.run({
      steps: 1,
      state: [],
      constants: [
        ...model.layout.split(start),
        { shape: [own.count, ...own.inputShape], data: own.inputs },
        { shape: [own.count, 10], data: oneHot },
      ],
    });
    program.dispose();
    return outputs[0]?.data ?? new Float32Array(0);
  }

  function expectSameUpdate(replayed: ArrayLike<number>, weights: Float32Array) {
    let error = 0;
    let norm = 0;
    weights.forEach((weight, at) => {
      const update = (start[at] as number) - weight;
      error += (0.05 * (replayed[at] as number) - update) ** 2;
      norm += update ** 2;
    });
    expect(Math.sqrt(error / norm)).toBeLessThan(1e-4);
  }

  for (const localSteps of [1, 5])
    test(`gives a client’s own update after ${localSteps} full-batch step(s)`, async () => {
      const own = take(310, 3);
      const weights = await trainLocally(model, start, own, {
        steps: localSteps,
        learningRate: 0.05,
      });
      expectSameUpdate(await replay(own, localSteps, 32), weights);
    });

  test('gives a client’s own update after two epochs of batches, the last one smaller', async () => {
    let weights = start;
    for (const [first, count] of [
      [310, 2],
      [312, 1],
      [310, 2],
      [312, 1],
    ] as const)
      weights = await trainLocally(model, weights, take(first, count), {
        steps: 1,
        learningRate: 0.05,
      });
    expectSameUpdate(await replay(take(310, 3), 4, 2), weights);
  });

  test('gives a client’s own update under FedProx', async () => {
    const own = take(310, 3);
    const weights = await localTraining(engine, model, 3).train({
      ...{ start, samples: own, epochs: 3, learningRate: 0.05, proximal: 4 },
      ...{ random: random.derive('client'), signal: new AbortController().signal },
    });
    expectSameUpdate(await replay(own, 3, 3, 4), weights);
  });
});

describe('objectives', () => {
  async function evaluate(inputs: Float32Array[], define: (tensors: Tensor[]) => Tensor) {
    const program = await engine.compile({
      name: 'test/objective',
      state: [],
      constants: inputs.map(({ length }) => ({ shape: [length], dtype: 'float32' as const })),
      perStep: [],
      step: ({ constants }) => ({
        state: [],
        outputs: [define([...constants])],
      }),
    });
    const constants = inputs.map((data) => ({ shape: [data.length], data }));
    const { outputs } = await program.run({ steps: 1, state: [], constants });
    program.dispose();
    return outputs[0]?.data[0];
  }

  const vector = () => Float32Array.from({ length: 50 }, () => random.normal());
  const [ours, theirs] = [vector(), vector()];
  const scored = Float32Array.from({ length: 50 }, (_, at) => (at % 3 === 0 ? 0 : 1));
  const sum = (term: (at: number) => number) =>
    scored.reduce((total, used, at) => total + (used === 1 ? term(at) : 0), 0);
  const a = (at: number) => ours[at] as number;
  const b = (at: number) => theirs[at] as number;

  test('the squared distance covers the scored coordinates', async () => {
    const value = await evaluate([ours, theirs, scored], ([x, y, s]) =>
      squaredDistance(x as Tensor, y as Tensor, s as Tensor),
    );
    expect(value).toBeCloseTo(
      sum((at) => (a(at) - b(at)) ** 2),
      3,
    );
  });

  test('the cosine distance is 1 − cos over all scored coordinates jointly', async () => {
    const value = await evaluate([ours, theirs, scored], ([x, y, s]) =>
      cosineDistance(x as Tensor, y as Tensor, s as Tensor),
    );
    const cosine =
      sum((at) => a(at) * b(at)) / Math.sqrt(sum((at) => a(at) ** 2) * sum((at) => b(at) ** 2));
    expect(value).toBeCloseTo(1 - cosine, 5);
  });

  test('the cosine distance still tells directions apart that 1 − cos in float32 does not', async () => {
    const near = ours.map((value, at) => value + (at === 1 ? 1e-4 : 0));
    const value = await evaluate([ours, near, scored.fill(1)], ([x, y, s]) =>
      cosineDistance(x as Tensor, y as Tensor, s as Tensor),
    );
    expect(value).toBeGreaterThan(1e-11);
    expect(value).toBeLessThan(1e-9);
  });

  test('total variation is the mean step down plus the mean step across', async () => {
    // Columns rise by 2, rows by 1: every step down is 1, every step across 2.
    const picture = Float32Array.from({ length: 12 }, (_, at) => Math.floor(at / 4) + 2 * (at % 4));
    const value = await evaluate([picture], ([x]) =>
      totalVariation(tf.reshape(x as Tensor, [1, 3, 4, 1])),
    );
    expect(value).toBeCloseTo(3, 6);
  });
});

describe('labels of single digits', () => {
  for (const model of [lenet5, dlgLenet])
    test(`100 of 100 are read off the update of ${model.title}`, async () => {
      const start = model.initialize(random.derive('labels'));
      for (let at = 0; at < 100; at += 20) {
        const originals = Array.from({ length: 20 }, (_, next) => take(200 + at + next, 1));
        const { view } = await probeRound(model, start, originals, {
          localSteps: 1,
          learningRate: 0.01,
        });
        const found = originals.map((_, client) => {
          const update = observeUpdate(exposeTransmission(view, 'stale', { client, round: 1 }));
          return update && inferLabel(model.layout, update);
        });
        expect(found).toEqual(originals.map(({ labels }) => labels[0]));
      }
    });
});

describe('on the sigmoid network, from the whole update', () => {
  const start = dlgLenet.initialize(randomStream(1, 'init'));
  const one = { localSteps: 1, learningRate: 0.1 };

  test('DLG finds digit and label', async () => {
    const originals = [take(300, 1)];
    const { view, aux, truth } = await probeRound(dlgLenet, start, originals, one);
    const params = { iterations: 800, restarts: 1 };
    const output = await ask(dlg, { model: dlgLenet, view, aux, params });
    expect(ssim.score(output, truth)?.value).toBeGreaterThan(0.9);
    expect(output.targets[0]?.labels).toEqual(originals[0]?.labels);
  });

  test('iDLG finds the digit', async () => {
    const { view, aux, truth } = await probeRound(dlgLenet, start, [take(301, 1)], one);
    const params = { iterations: 400, restarts: 1 };
    const output = await ask(idlg, { model: dlgLenet, view, aux, params });
    expect(ssim.score(output, truth)?.value).toBeGreaterThan(0.9);
    expect(output.targets[0]?.labels).toEqual(take(301, 1).labels);
  });

  test('Inverting Gradients finds the digit', async () => {
    const { view, aux, truth } = await probeRound(dlgLenet, start, [take(302, 1)], one);
    const params = { iterations: 600 };
    const output = await ask(invertingGradients, { model: dlgLenet, view, aux, params });
    expect(ssim.score(output, truth)?.value).toBeGreaterThan(0.9);
    expect(output.targets[0]?.labels).toEqual(take(302, 1).labels);
  });

  test('Inverting Gradients finds it through five local steps', async () => {
    const five = { localSteps: 5, learningRate: 0.01 };
    const { view, aux, truth } = await probeRound(dlgLenet, start, [take(303, 1)], five);
    const params = { iterations: 250 };
    const output = await ask(invertingGradients, { model: dlgLenet, view, aux, params });
    expect(ssim.score(output, truth)?.value).toBeGreaterThan(0.9);
  });

  test('with half the coordinates encrypted at random, only the naive attacker is lost', async () => {
    const stream = randomStream(6, 'mask');
    const mask = start.map(() => (stream.uniform() < 0.5 ? 1 : 0));
    const { view, aux, truth } = await probeRound(
      dlgLenet,
      start,
      [take(304, 1)],
      one,
      Uint8Array.from(mask),
    );
    const params = { iterations: 400, restarts: 1 };
    const score = async (adversary: 'stale' | 'mask-aware') =>
      ssim.score(await ask(idlg, { model: dlgLenet, view, aux, params, adversary }), truth)?.value;
    expect(await score('mask-aware')).toBeGreaterThan(0.9);
    expect(await score('stale')).toBeLessThan(0.5);
  });
});
