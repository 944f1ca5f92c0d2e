import { describe, expect, test } from 'vitest';
import { analyticFc } from '../../../attacks/analytic-fc/index.ts';
import { NotApplicable } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { findModel } from '../../../src/models/registry.ts';
import { ask, knowledge, nothingEncrypted, oneRound, take, trainLocally } from './setting.ts';

const model = findModel('mlp-2fc');
const start = model.initialize(randomStream(1, 'init'));
const probe = (localSteps: number) => ({ client: 0, round: 1, samples: 1, localSteps });

/** Largest distance of a pixel from the truth. */
function worst(images: Float32Array, truth: Float32Array): number {
  return images.reduce((most, pixel, at) => Math.max(most, Math.abs(pixel - (truth[at] ?? 0))), 0);
}

describe('on an MLP', () => {
  for (const localSteps of [1, 5])
    test(`finds the digit and its label exactly after ${localSteps} local step(s)`, async () => {
      for (const first of [300, 301, 302]) {
        const own = take(first, 1);
        const settings = { steps: localSteps, learningRate: 0.05 };
        const weights = await trainLocally(model, start, own, settings);
        const clients = [{ weights, samples: 1, localSteps }];
        const view = oneRound(model, start, clients, nothingEncrypted(model), 0.05);
        const aux = knowledge({ reconstruction: [probe(localSteps)] });
        const { targets } = await ask(analyticFc, { model, view, aux });
        const [found] = targets;
        expect(found?.from).toBe('update');
        expect(worst(found?.images ?? new Float32Array(784), own.inputs)).toBeLessThan(1e-4);
        expect(found?.labels).toEqual(own.labels);
        expect(found?.cost).toBeLessThan(1e-6);
      }
    });

  test('half the coordinates encrypted at random hide nothing from a mask-aware attacker', async () => {
    const own = take(300, 1);
    const weights = await trainLocally(model, start, own, { steps: 1, learningRate: 0.05 });
    const random = randomStream(2, 'mask');
    const mask = nothingEncrypted(model).map(() => (random.uniform() < 0.5 ? 1 : 0));
    const view = oneRound(model, start, [{ weights, samples: 1, localSteps: 1 }], mask, 0.05);
    const aux = knowledge({ reconstruction: [probe(1)] });
    const aware = await ask(analyticFc, { model, view, aux, adversary: 'mask-aware' });
    expect(worst(aware.targets[0]?.images ?? new Float32Array(784), own.inputs)).toBeLessThan(1e-3);
    // The naive attacker matches its fills: pixels whose weights it lacks come out too dark.
    const stale = await ask(analyticFc, { model, view, aux, adversary: 'stale' });
    expect(worst(stale.targets[0]?.images ?? new Float32Array(784), own.inputs)).toBeGreaterThan(
      0.2,
    );
  });

  test('all biases encrypted: the digit is found, its scale taken from the attacker’s own data', async () => {
    const own = take(301, 1);
    const weights = await trainLocally(model, start, own, { steps: 1, learningRate: 0.05 });
    const mask = nothingEncrypted(model);
    for (const { kind, offset, size } of model.layout.entries)
      if (kind === 'bias') mask.fill(1, offset, offset + size);
    const view = oneRound(model, start, [{ weights, samples: 1, localSteps: 1 }], mask, 0.05);
    const aux = knowledge({ reconstruction: [probe(1)] });
    const { targets } = await ask(analyticFc, { model, view, aux, adversary: 'mask-aware' });
    expect(worst(targets[0]?.images ?? new Float32Array(784), own.inputs)).toBeLessThan(0.02);
    expect(targets[0]?.labels).toEqual(own.labels);
  });

  test('hidden pixels are the mean of the attacker’s own samples', async () => {
    const own = take(302, 1);
    const weights = await trainLocally(model, start, own, { steps: 1, learningRate: 0.05 });
    const mask = nothingEncrypted(model);
    const { offset } = model.layout.entry('fc1.weight');
    const hidden = [14 * 28 + 14, 15 * 28 + 13];
    for (const pixel of hidden) mask.fill(1, offset + pixel * 100, offset + (pixel + 1) * 100);
    const view = oneRound(model, start, [{ weights, samples: 1, localSteps: 1 }], mask, 0.05);
    const shadow = take(0, 50);
    const aux = knowledge({ reconstruction: [probe(1)] }, shadow);
    const { targets } = await ask(analyticFc, { model, view, aux, adversary: 'mask-aware' });
    for (const pixel of hidden) {
      let mean = 0;
      for (let at = 0; at < 50; at++) mean += (shadow.inputs[at * 784 + pixel] ?? 0) / 50;
      expect(targets[0]?.images[pixel]).toBeCloseTo(mean, 5);
    }
  });
});

test('a network that starts with a convolution is not its business', async () => {
  const lenet = findModel('lenet-5');
  const weights = lenet.initialize(randomStream(1, 'init'));
  const clients = [{ weights, samples: 1, localSteps: 1 }];
  const view = oneRound(lenet, weights, clients, nothingEncrypted(lenet), 0.05);
  const asked = { model: lenet, view, aux: knowledge({ reconstruction: [probe(1)] }) };
  await expect(ask(analyticFc, asked)).rejects.toThrow(NotApplicable);
  await expect(ask(analyticFc, asked)).rejects.toThrow(/first layer of LeNet-5/);
});

test('several samples can’t be divided out', async () => {
  const weights = await trainLocally(model, start, take(300, 2), { steps: 1, learningRate: 0.05 });
  const clients = [{ weights, samples: 2, localSteps: 1 }];
  const view = oneRound(model, start, clients, nothingEncrypted(model), 0.05);
  const aux = knowledge({ reconstruction: [{ ...probe(1), samples: 2 }] });
  await expect(ask(analyticFc, { model, view, aux })).rejects.toThrow(NotApplicable);
});
