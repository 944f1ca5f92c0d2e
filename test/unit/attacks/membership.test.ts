import { beforeAll, describe, expect, test } from 'vitest';
import { fedMia } from '../../../attacks/fedmia/index.ts';
import { gradientCosine } from '../../../attacks/gradient-cosine/index.ts';
import { attacks } from '../../../attacks/index.ts';
import { lira } from '../../../attacks/lira/index.ts';
import { lossThreshold } from '../../../attacks/loss-threshold/index.ts';
import { mlLeaks } from '../../../attacks/ml-leaks/index.ts';
import { modifiedEntropyAttack } from '../../../attacks/modified-entropy/index.ts';
import { logProbabilities } from '../../../attacks/query/logits.ts';
import { rmia } from '../../../attacks/rmia/index.ts';
import { whiteBox } from '../../../attacks/white-box/index.ts';
import { type Attack, type MembershipOutput, NotApplicable } from '../../../src/api/attack.ts';
import type { LabelledSamples } from '../../../src/data/dataset.ts';
import { loadDataset } from '../../../src/data/registry.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import type { RoundView, ServerView } from '../../../src/view/server-view.ts';
import {
  ask,
  type Client,
  knowledge,
  nothingEncrypted,
  oneRound,
  take,
  trainLocally,
} from './setting.ts';

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

  test('so does the variant of FedEraser, boosted trees on all posteriors', async () => {
    const trees = { ...params, classifier: 'boosted-trees' } as const;
    const output = await ask(mlLeaks, { model, view: viewOf(overfitted), aux, params: trees });
    expect(auc.score(output, truth)?.value).toBeGreaterThan(0.6);
  });

  test('trains its shadow once for all cells, and anew for other samples, settings or w_0', async () => {
    const remembered = new Map<string, Float32Array>();
    const quick = { epochs: 1, attackIterations: 5 };
    const asked = { model, aux, params: quick, remembered };
    await ask(mlLeaks, { ...asked, view: viewOf(overfitted), adversary: 'oracle' });
    await ask(mlLeaks, { ...asked, view: viewOf(untrained), adversary: 'stale' });
    expect(remembered.size).toBe(1);
    const other = knowledge({ membership: aux.membership }, take(600, 400, more));
    await ask(mlLeaks, { ...asked, view: viewOf(untrained), aux: other });
    const elsewhere = { ...viewOf(untrained), initialModel: overfitted };
    await ask(mlLeaks, { ...asked, view: elsewhere });
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

describe('the others tell members of an overfitted model', () => {
  const training = { epochs: 50, learningRate: 0.3, batchSize: 32 };
  const remembered = new Map<string, Float32Array>();
  const found = async <P>(attack: Attack<P, MembershipOutput>, params: Partial<P>) => {
    const asked = { model, view: viewOf(overfitted), aux, params, remembered };
    return auc.score(await ask(attack, asked), truth)?.value;
  };

  test('modified entropy', async () => {
    expect(await found(modifiedEntropyAttack, training)).toBeGreaterThan(0.6);
    expect(await found(modifiedEntropyAttack, { ...training, thresholds: 'one' })).toBeGreaterThan(
      0.6,
    );
  });
  test.each(['online', 'offline'] as const)('LiRA, %s', async (mode) => {
    const params = { ...training, references: 4, mode };
    expect(await found(lira, params)).toBeGreaterThan(0.6);
    expect(await found(lira, { ...params, variance: 'per-sample' })).toBeGreaterThan(0.55);
  });
  test.each(['online', 'offline'] as const)('RMIA, %s', async (mode) =>
    expect(await found(rmia, { ...training, references: 4, mode })).toBeGreaterThan(0.6),
  );
  test('white-box network', async () => {
    expect(await found(whiteBox, training)).toBeGreaterThan(0.6);
  });
});

describe('on the update of one step', () => {
  // Client 0 trains on the members, the others on samples that nobody asks about.
  let view: ServerView;
  beforeAll(async () => {
    const own = [members, take(700, 80, more), take(800, 80, more), take(900, 80, more)];
    const clients: Client[] = [];
    for (const samples of own) {
      const settings = { steps: 1, learningRate: 0.1 };
      const weights = await trainLocally(model, untrained, samples, settings);
      clients.push({ weights, samples: 80, localSteps: 1 });
    }
    view = oneRound(model, untrained, clients, nothingEncrypted(model), 0.1);
  });
  const found = async <P>(attack: Attack<P, MembershipOutput>, params: Partial<P>) =>
    auc.score(await ask(attack, { model, view, aux, params }), truth)?.value;

  test('the gradients of members are part of it', async () => {
    expect(await found(gradientCosine, {})).toBeGreaterThan(0.6);
    expect(await found(gradientCosine, { statistic: 'difference' })).toBeGreaterThan(0.6);
  });

  test('other clients’ updates show what is usual for a sample, whose gradients differ', async () => {
    const plain = (await found(gradientCosine, {})) as number;
    expect(await found(fedMia, {})).toBeGreaterThan(plain);
  });

  test('FedMIA has nothing to compare with where fewer than two others of its size took part', async () => {
    const [round] = view.rounds as [RoundView];
    const few = { ...round, transmissions: round.transmissions.slice(0, 2) };
    const small = {
      ...round,
      transmissions: round.transmissions.map((sent) =>
        sent.client === 0 ? sent : { ...sent, samples: 1 },
      ),
    };
    for (const rounds of [[few], [small]])
      await expect(ask(fedMia, { model, view: { ...view, rounds }, aux })).rejects.toThrow(
        NotApplicable,
      );
  });

  test('a mean over rounds counts each round the victim took part in, the last one alone where asked', async () => {
    const [round] = view.rounds as [RoundView];
    const idle = { ...round, round: 2, transmissions: round.transmissions.slice(1) };
    const third = { ...viewOf(overfitted).rounds[0], round: 3 } as RoundView;
    const scoresIn = async (rounds: RoundView[], params: { rounds?: 'last' }) => {
      const question = { client: 0, round: rounds.at(-1)?.round as number, candidates: shuffled };
      const { targets } = await ask(gradientCosine, {
        ...{ model, view: { ...view, rounds }, params },
        aux: knowledge({ membership: [question] }),
      });
      return targets.flatMap(({ scores }) => [...scores]);
    };
    const first = await scoresIn([round], {});
    const last = await scoresIn([round, idle, third], { rounds: 'last' });
    const all = await scoresIn([round, idle, third], {});
    all.forEach((score, at) => {
      expect(score).toBeCloseTo(((first[at] as number) + (last[at] as number)) / 2, 12);
    });
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
