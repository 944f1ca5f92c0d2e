import { beforeAll, expect, test } from 'vitest';
import { lira } from '../../../attacks/lira/index.ts';
import { lossThreshold } from '../../../attacks/loss-threshold/index.ts';
import { rmia } from '../../../attacks/rmia/index.ts';
import { SgdTrainer } from '../../../attacks/shadow/sgd.ts';
import type { Attack, MembershipOutput } from '../../../src/api/attack.ts';
import { loadDataset } from '../../../src/data/registry.ts';
import { takeSamples } from '../../../src/data/samples.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import type { ServerView } from '../../../src/view/server-view.ts';
import { ask, engine, knowledge, nothingEncrypted, oneRound } from './setting.ts';

// LeNet-5 on 500 digits until it knows them by heart: 200 of them are asked about, with 200 others.
// The attacker has 600 digits of its own.
const model = findModel('lenet-5');
const start = model.initialize(randomStream(3, 'init'));
const [EACH, OWN, EPOCHS, RATE] = [200, 600, 40, 0.05];
const { train } = await loadDataset('mnist', { limit: 1300, testLimit: 1 });
const range = (first: number, count: number) =>
  Uint32Array.from({ length: count }, (_, at) => first + at);
const order = randomStream(4, 'order').permutation(2 * EACH);
const candidates = takeSamples(train, order);
const truth: GroundTruth = {
  membership: [
    {
      client: 0,
      round: 1,
      members: Uint8Array.from(order, (at) => (at < EACH ? 1 : 0)),
      labels: candidates.labels,
    },
  ],
  reconstruction: [],
  meanImage: new Float32Array(784),
  distractors: new Float32Array(0),
};
const aux = knowledge(
  { membership: [{ client: 0, round: 1, candidates }] },
  takeSamples(train, range(2 * EACH, OWN)),
);
const remembered = new Map<string, Float32Array>();

let view: ServerView;
beforeAll(async () => {
  const members = takeSamples(train, [...range(0, EACH), ...range(2 * EACH + OWN, 300)]);
  const trainer = await SgdTrainer.open(model, engine, 32);
  const weights = await trainer.train({
    ...{ start, samples: members, epochs: EPOCHS, learningRate: RATE },
    ...{ random: randomStream(7, 'victim'), signal: new AbortController().signal },
  });
  trainer.close();
  const localSteps = EPOCHS * Math.floor(500 / 32);
  view = oneRound(
    model,
    start,
    [{ weights, samples: 500, localSteps }],
    nothingEncrypted(model),
    RATE,
  );
}, 120_000);

async function aucOf<P>(attack: Attack<P, MembershipOutput>, params: Partial<P>) {
  const output = await ask(attack, { model, view, aux, params, remembered });
  return auc.score(output, truth)?.value as number;
}

test('on an overfitted CNN: online LiRA finds more than offline, offline more than a global threshold', async () => {
  const global = await aucOf(lossThreshold, {});
  const training = { epochs: EPOCHS };
  const online = await aucOf(lira, { ...training, mode: 'online' });
  const offline = await aucOf(lira, { ...training, mode: 'offline' });
  expect(online).toBeGreaterThan(offline);
  expect(offline).toBeGreaterThan(global);
  // RMIA asks the same reference models.
  const remaining = remembered.size;
  expect(await aucOf(rmia, { ...training, mode: 'online' })).toBeGreaterThan(global);
  expect(await aucOf(rmia, training)).toBeGreaterThan(global);
  expect(remembered.size).toBe(remaining);
}, 600_000);
