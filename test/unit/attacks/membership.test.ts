import { beforeAll, describe, expect, test } from 'vitest';
import { attacks } from '../../../attacks/index.ts';
import { lossThreshold } from '../../../attacks/loss-threshold/index.ts';
import { mlLeaks } from '../../../attacks/ml-leaks/index.ts';
import { logProbabilities } from '../../../attacks/query/logits.ts';
import { NotApplicable } from '../../../src/api/attack.ts';
import type { LabelledSamples } from '../../../src/data/dataset.ts';
import { loadDataset } from '../../../src/data/registry.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import { ask, knowledge, nothingEncrypted, oneRound, take, trainLocally } from './setting.ts';

const model = findModel('mlp-2fc');
const untrained = model.initialize(randomStream(3, 'init'));
const more: LabelledSamples = (await loadDataset('mnist', { limit: 1200, testLimit: 1 })).train;

/** 80 members, 80 others, shuffled; the model is trained on the members until it knows them. */
const members = take(0, 80, more);
const candidates = take(0, 160, more);
const order = randomStream(4, 'order').permutation(160);
const shuffled: LabelledSamples = {
  ...candidates,
  inputs: Float32Array.from([...order].flatMap((at) => [...take(at, 1, candidates).inputs])),
  labels: Int32Array.from(order, (at) => candidates.labels[at] as number),
};
const truth: GroundTruth = {
  membership: [
    {
      client: 0,
      round: 1,
      members: Uint8Array.from(order, (at) => (at < 80 ? 1 : 0)),
      labels: shuffled.labels,
    },
  ],
  reconstruction: [],
  meanImage: new Float32Array(784),
  distractors: new Float32Array(0),
};
const aux = knowledge(
  { membership: [{ client: 0, round: 1, candidates: shuffled }] },
  take(200, 400, more),
);
const viewOf = (weights: Float32Array) =>
  oneRound(
    model,
    untrained,
    [{ weights, samples: 80, localSteps: 3 }],
    nothingEncrypted(model),
    0.1,
  );

let overfitted: Float32Array;
beforeAll(async () => {
  overfitted = await trainLocally(model, untrained, members, { steps: 300, learningRate: 0.3 });
});

describe('loss threshold', () => {
  test('tells members of an overfitted model', async () => {
    const output = await ask(lossThreshold, { model, view: viewOf(overfitted), aux });
    expect(auc.score(output, truth)?.value).toBeGreaterThan(0.6);
  });

  test('guesses on a model that was never trained', async () => {
    const output = await ask(lossThreshold, { model, view: viewOf(untrained), aux });
    const score = auc.score(output, truth);
    expect(score?.interval?.low).toBeLessThan(0.5);
    expect(score?.interval?.high).toBeGreaterThan(0.5);
  });

  test('names the exposed model’s classes: all members right once it knows them', async () => {
    const output = await ask(lossThreshold, { model, view: viewOf(overfitted), aux });
    const predicted = output.targets[0]?.predictedLabels ?? new Int32Array(0);
    expect(predicted).toHaveLength(160);
    const right = shuffled.labels.filter(
      (label, at) => truth.membership[0]?.members[at] === 1 && predicted[at] === label,
    );
    expect(right).toHaveLength(80);
  });
});

describe('ML-Leaks', () => {
  // The victim's training: 300 steps on 80 samples; the shadow's: 6 batches an epoch.
  const params = { epochs: 50, learningRate: 0.3, batchSize: 32, attackIterations: 300 };

  test('tells members of an overfitted model, members scoring higher', async () => {
    const output = await ask(mlLeaks, { model, view: viewOf(overfitted), aux, params });
    expect(auc.score(output, truth)?.value).toBeGreaterThan(0.6);
  });

  test('guesses on a model that was never trained', async () => {
    const output = await ask(mlLeaks, { model, view: viewOf(untrained), aux, params });
    const score = auc.score(output, truth);
    expect(score?.interval?.low).toBeLessThan(0.5);
    expect(score?.interval?.high).toBeGreaterThan(0.5);
  });

  test('trains its shadow once for all cells, and anew for other samples or another seed', async () => {
    const remembered = new Map<string, Float32Array>();
    const quick = { epochs: 1, attackIterations: 5 };
    const asked = { model, aux, params: quick, remembered };
    await ask(mlLeaks, { ...asked, view: viewOf(overfitted), adversary: 'oracle' });
    await ask(mlLeaks, { ...asked, view: viewOf(untrained), adversary: 'stale' });
    expect(remembered.size).toBe(1);
    const other = knowledge({ membership: aux.membership }, take(600, 400, more));
    await ask(mlLeaks, { ...asked, view: viewOf(untrained), aux: other });
    await ask(mlLeaks, { ...asked, view: viewOf(untrained), seed: 2 });
    await ask(mlLeaks, { ...asked, view: viewOf(untrained), params: { ...quick, epochs: 2 } });
    expect(remembered.size).toBe(4);
  });

  test('needs samples of its own', async () => {
    const poor = knowledge({ membership: aux.membership }, take(0, 3));
    await expect(ask(mlLeaks, { model, view: viewOf(untrained), aux: poor })).rejects.toThrow(
      NotApplicable,
    );
  });
});

test('log-probabilities are right where float32 softmax is not', () => {
  const far = logProbabilities([0, 200, -300]);
  expect(far[0]).toBeCloseTo(-200, 9);
  expect(far[1]).toBeCloseTo(0, 9);
  expect(far[2]).toBeCloseTo(-500, 9);
  const near = logProbabilities([1, 2, 3]);
  expect([...near].reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
});

test('attack ids are unique', () => {
  expect(new Set(attacks.map(({ meta }) => meta.id)).size).toBe(attacks.length);
});
