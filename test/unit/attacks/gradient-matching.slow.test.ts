import { describe, expect, test } from 'vitest';
import { dlg } from '../../../attacks/dlg/index.ts';
import { idlg } from '../../../attacks/idlg/index.ts';
import { invertingGradients } from '../../../attacks/inverting-gradients/index.ts';
import type { ReconstructionOutput } from '../../../src/api/attack.ts';
import type { MetricValue } from '../../../src/api/metric.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { psnr } from '../../../src/metrics/psnr.ts';
import { ssim } from '../../../src/metrics/ssim.ts';
import { findModel } from '../../../src/models/registry.ts';
import { ask, probeRound, take } from './setting.ts';

const dlgLenet = findModel('dlg-lenet');
const lenet5 = findModel('lenet-5');
const tenDigits = Array.from({ length: 10 }, (_, at) => take(300 + at, 1));
const perImage = (value: MetricValue | null) => [...(value?.perItem ?? [])];
const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('on the sigmoid network, from the whole update of ten digits', () => {
  const start = dlgLenet.initialize(randomStream(1, 'init'));

  for (const attack of [dlg, idlg])
    test(`${attack.meta.id} with its defaults reaches 30 dB on at least eight`, async () => {
      const { view, aux, truth } = await probeRound(dlgLenet, start, tenDigits, {
        localSteps: 1,
        learningRate: 0.1,
      });
      const output = await ask(attack, { model: dlgLenet, view, aux });
      const decibels = perImage(psnr.score(output, truth));
      expect(decibels.filter((value) => value > 30).length).toBeGreaterThanOrEqual(8);
    });

  test('Inverting Gradients reaches a mean SSIM of .9, after one and after five local steps', async () => {
    for (const [localSteps, learningRate] of [
      [1, 0.1],
      [5, 0.01],
    ] as const) {
      const { view, aux, truth } = await probeRound(dlgLenet, start, tenDigits, {
        localSteps,
        learningRate,
      });
      const params = { iterations: 1000 };
      const output = await ask(invertingGradients, { model: dlgLenet, view, aux, params });
      expect(mean(perImage(ssim.score(output, truth)))).toBeGreaterThan(0.9);
    }
  });

  test('DLG takes a batch of two digits apart', async () => {
    const pair = take(300, 2);
    const { view, aux } = await probeRound(dlgLenet, start, [pair], {
      localSteps: 1,
      learningRate: 0.1,
    });
    const params = { iterations: 3000, restarts: 3 };
    const output = await ask(dlg, { model: dlgLenet, view, aux, params });
    const [found] = output.targets;
    const error = (recovered: number, original: number) =>
      mean(
        Array.from(
          pair.inputs.subarray(original * 784, (original + 1) * 784),
          (pixel, at) => (pixel - (found?.images[recovered * 784 + at] ?? Number.NaN)) ** 2,
        ),
      );
    // The order inside a batch is not recoverable.
    const matched = Math.min((error(0, 0) + error(1, 1)) / 2, (error(0, 1) + error(1, 0)) / 2);
    expect(-10 * Math.log10(matched)).toBeGreaterThan(25);
    expect([...(found?.labels ?? [])].sort()).toEqual([...pair.labels].sort());
  });
});

test('on LeNet-5 Inverting Gradients comes closer than the mean of the attacker’s own digits', async () => {
  const start = lenet5.initialize(randomStream(1, 'init'));
  const { view, aux, truth } = await probeRound(lenet5, start, tenDigits, {
    localSteps: 1,
    learningRate: 0.1,
  });
  const params = { iterations: 4800, restarts: 2 };
  const output = await ask(invertingGradients, { model: lenet5, view, aux, params });
  const encrypted = new Uint8Array(lenet5.layout.size).fill(1);
  const blind = await probeRound(
    lenet5,
    start,
    tenDigits,
    { localSteps: 1, learningRate: 0.1 },
    encrypted,
  );
  const prior = await ask(invertingGradients, {
    model: lenet5,
    view: blind.view,
    aux,
    adversary: 'stale',
  });
  const score = (answer: ReconstructionOutput) => mean(perImage(psnr.score(answer, truth)));
  expect(score(output)).toBeGreaterThan(score(prior) + 5);
});
