import { describe, expect, test } from 'vitest';
import { FeatureHash } from '../../../attacks/learned-inversion/feature-hash.ts';
import { learnedInversion } from '../../../attacks/learned-inversion/index.ts';
import { NotApplicable } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { mse } from '../../../src/metrics/mse.ts';
import { findModel } from '../../../src/models/registry.ts';
import { ask, bytesOf, digits, knowledge, probeRound, take } from './setting.ts';

const model = findModel('lenet-5');
const random = randomStream(3, 'test');
const start = model.initialize(random.derive('init'));
/** The attacker's own digits; the probes' are the ones after 340. */
const shadow = take(0, 340);
const probes = [360, 361, 362, 363].map((at) => take(at, 1));
const params = { features: 512, hidden: 128, epochs: 40 };

function meanImage(): Float32Array {
  const mean = new Float32Array(784);
  shadow.inputs.forEach((pixel, at) => {
    mean[at % 784] = (mean[at % 784] as number) + pixel / shadow.count;
  });
  return mean;
}

/** Encrypts everything but every `nth` coordinate. */
function plaintextEvery(nth: number): Uint8Array {
  return Uint8Array.from({ length: model.layout.size }, (_, at) => (at % nth === 0 ? 0 : 1));
}

describe('feature hashing', () => {
  test('keeps inner products in expectation, and few coordinates exactly', () => {
    const a = Float32Array.from({ length: 4000 }, () => random.normal());
    const b = a.map((value) => value + random.normal());
    const inner = (x: Float32Array, y: Float32Array) =>
      x.reduce((sum, value, at) => sum + value * (y[at] as number), 0);
    const everywhere = new Uint8Array(4000).fill(1);
    const estimates = Array.from({ length: 40 }, (_, at) => {
      const hash = new FeatureHash(everywhere, 500, randomStream(at, 'hash'));
      return inner(hash.of(a), hash.of(b));
    });
    const mean = estimates.reduce((sum, value) => sum + value, 0) / estimates.length;
    // The estimate's standard deviation is at most √(2/500) ‖a‖‖b‖ ≈ 360; of the mean of 40, 57.
    expect(Math.abs(mean - inner(a, b))).toBeLessThan(230);

    const few = Uint8Array.from({ length: 4000 }, (_, at) => (at < 30 ? 1 : 0));
    const hash = new FeatureHash(few, 500, randomStream(1, 'hash'));
    expect(hash.of(a)).toEqual(a.slice(0, 30));
  });
});

describe('learned inversion', () => {
  test('draws digits it has not seen better than their mean, from a fiftieth of the update', async () => {
    const settings = { localSteps: 1, learningRate: 0.1 };
    const { view, aux, truth } = await probeRound(
      model,
      start,
      probes,
      settings,
      plaintextEvery(50),
    );
    const asked = {
      model,
      view,
      aux: { ...aux, shadow },
      adversary: 'mask-aware',
      params,
    } as const;
    const output = await ask(learnedInversion, asked);
    expect(output.targets.map(({ from }) => from)).toEqual(probes.map(() => 'update'));
    const error = mse.score(output, { ...truth, meanImage: meanImage() });
    expect(error?.value).toBeLessThan(0.8 * (error?.baselines?.['mean image'] as number));
    expect(bytesOf(await ask(learnedInversion, asked))).toBe(bytesOf(output));
  });

  test('answers with the prior where nothing is exposed', async () => {
    const settings = { localSteps: 1, learningRate: 0.1 };
    const all = new Uint8Array(model.layout.size).fill(1);
    const { view, aux } = await probeRound(model, start, probes.slice(0, 1), settings, all);
    const output = await ask(learnedInversion, {
      model,
      view,
      aux,
      adversary: 'mask-aware',
      params,
    });
    expect(output.targets.map(({ from }) => from)).toEqual(['prior']);
  });

  test('says that it cannot be asked about batches, or about nobody', async () => {
    const settings = { localSteps: 1, learningRate: 0.1 };
    const { view, aux } = await probeRound(model, start, [take(360, 2, digits)], settings);
    const batch = ask(learnedInversion, { model, view, aux, params });
    await expect(batch).rejects.toThrow(NotApplicable);
    const nobody = ask(learnedInversion, { model, view, aux: knowledge({}), params });
    await expect(nobody).rejects.toThrow(/no probe clients/);
  });
});
