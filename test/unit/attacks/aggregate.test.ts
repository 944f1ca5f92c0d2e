import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { analyticFc } from '../../../attacks/analytic-fc/index.ts';
import { dlg } from '../../../attacks/dlg/index.ts';
import { replayLocalTraining } from '../../../attacks/gradient-matching/local-training.ts';
import { invertingGradients } from '../../../attacks/inverting-gradients/index.ts';
import type { NdArray } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { psnr } from '../../../src/metrics/psnr.ts';
import { findModel } from '../../../src/models/registry.ts';
import { EVERYBODY } from '../../../src/view/aggregate.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import type { RoundView, ServerView } from '../../../src/view/server-view.ts';
import { ask, digits, engine, knowledge, oneRound, take, trainLocally } from './setting.ts';

const learningRate = 0.1;

describe('an aggregate', () => {
  test('of different trainings is replayed as their weighted mean', async () => {
    const model = findModel('mlp-2fc');
    const start = model.initialize(randomStream(1, 'start'));
    const [first, second] = [take(100, 2), take(200, 1)];
    const [one, other] = [
      await trainLocally(model, start, first, { steps: 3, learningRate }),
      await trainLocally(model, start, second, { steps: 1, learningRate }),
    ];
    const mean = one.map((value, at) => 0.7 * value + 0.3 * (other[at] as number));
    const schedule = { localSteps: 3, batchSize: 2, learningRate };
    const parts = [
      { samples: 2, localSteps: 3, batchSize: 2, weight: 0.7 },
      { samples: 1, localSteps: 1, batchSize: 1, weight: 0.3 },
    ];
    const program = await engine.compile({
      name: 'test/aggregate',
      state: [],
      constants: [
        ...model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' as const })),
        { shape: [3, 28, 28, 1], dtype: 'float32' },
        { shape: [3], dtype: 'int32' },
      ],
      perStep: [],
      step({ constants }) {
        const [labels, images, ...weights] = constants.toReversed() as [Tensor, Tensor];
        const targets = tf.cast(tf.oneHot(labels, 10), 'float32');
        const training = { model, ...schedule, parts };
        const ordered = (weights as Tensor[]).toReversed();
        return { state: [], outputs: [replayLocalTraining(training, ordered, images, targets)] };
      },
    });
    const { outputs } = await program.run({
      steps: 1,
      state: [],
      constants: [
        ...model.layout.split(start),
        { shape: [3, 28, 28, 1], data: Float32Array.of(...first.inputs, ...second.inputs) },
        { shape: [3], data: Int32Array.of(...first.labels, ...second.labels) },
      ],
    });
    program.dispose();
    const replayed = (outputs[0] as NdArray).data;
    const observed = start.map((value, at) => (value - (mean[at] as number)) / learningRate);
    const largest = (of: (at: number) => number) =>
      observed.reduce((most, _, at) => Math.max(most, Math.abs(of(at))), 0);
    // Weights near 1 are float32: their differences are off by 6e-8, times 1 / learning rate.
    expect(largest((at) => (observed[at] as number) - (replayed[at] as number))).toBeLessThan(3e-6);
    expect(largest((at) => observed[at] as number)).toBeGreaterThan(0.1);
  });

  test('is inverted where no update is readable: everything encrypted, the mean decrypted', async () => {
    const model = findModel('dlg-lenet');
    const start = model.initialize(randomStream(1, 'start'));
    const originals = [take(300, 1), take(301, 1)];
    const clients = await Promise.all(
      originals.map(async (own) => ({
        weights: await trainLocally(model, start, own, { steps: 1, learningRate }),
        samples: 1,
        localSteps: 1,
      })),
    );
    const mean = start.map((_, at) =>
      clients.reduce((sum, { weights }) => sum + (weights[at] as number) / clients.length, 0),
    );
    const everything = new Uint8Array(start.length).fill(1);
    const view: ServerView = {
      ...oneRound(model, start, clients, everything, learningRate),
      encryption: { parameterSet: 'ckks-tenseal', keySetup: 'joint' },
      serverLearns: 'aggregate',
      finalModel: PartialVector.complete(mean),
    };
    const target = { client: EVERYBODY, round: 1 };
    const asked = {
      model,
      view,
      adversary: 'mask-aware',
      aux: knowledge({ reconstruction: [{ ...target, samples: 2, localSteps: 1 }] }),
    } as const;
    const truth: GroundTruth = {
      membership: [],
      reconstruction: [
        {
          ...target,
          inputShape: [28, 28, 1],
          images: Float32Array.of(...originals.flatMap(({ inputs }) => [...inputs])),
          labels: Int32Array.of(...originals.flatMap(({ labels }) => [...labels])),
        },
      ],
      meanImage: meanDigit(),
      distractors: new Float32Array(0),
    };
    const matched = await ask(dlg, { ...asked, params: { iterations: 300, restarts: 1 } });
    expect(matched.targets).toHaveLength(1);
    expect(matched.targets[0]).toMatchObject({ ...target, from: 'update' });
    // Both digits, whatever their order; the mean image scores 12.3 dB.
    expect(psnr.score(matched, truth)?.n).toBe(2);
    expect(psnr.score(matched, truth)?.interval?.low).toBeGreaterThan(25);
    const turned = await ask(invertingGradients, { ...asked, params: { iterations: 400 } });
    expect(psnr.score(turned, truth)?.overNull?.value).toBeGreaterThan(1.5);

    // Either client alone is hidden.
    const single = knowledge({
      reconstruction: [{ client: 0, round: 1, samples: 1, localSteps: 1 }],
    });
    const alone = await ask(dlg, { ...asked, aux: single });
    expect(alone.targets[0]?.from).toBe('prior');
  });

  test('of several samples is nothing to divide one out of', async () => {
    const model = findModel('mlp-2fc');
    const start = model.initialize(randomStream(1, 'start'));
    const clients = [{ weights: start, samples: 2, localSteps: 1 }];
    const view = oneRound(model, start, clients, new Uint8Array(start.length), learningRate);
    const finalModel = PartialVector.complete(start.map((value) => value + 1));
    const rounds: RoundView[] = [...view.rounds];
    const aux = knowledge({
      reconstruction: [{ client: EVERYBODY, round: 1, samples: 2, localSteps: 1 }],
    });
    const asked = {
      model,
      view: { ...view, rounds, finalModel },
      aux,
      adversary: 'stale',
    } as const;
    await expect(ask(analyticFc, asked)).rejects.toThrow(/^The aggregate is of 2/);
  });
});

function meanDigit(): Float32Array {
  const size = 784;
  const mean = new Float32Array(size);
  digits.inputs.forEach((value, at) => {
    mean[at % size] = (mean[at % size] as number) + value / digits.count;
  });
  return mean;
}
