import { beforeAll, describe, expect, test } from 'vitest';
import { attacks } from '../../../attacks/index.ts';
import type { MembershipOutput } from '../../../src/api/attack.ts';
import { loadDataset } from '../../../src/data/registry.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { AdversaryId } from '../../../src/view/adversaries.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import type { ServerView } from '../../../src/view/server-view.ts';
import {
  ask,
  bytesOf,
  knowledge,
  nothingEncrypted,
  oneRound,
  take,
  trainLocally,
} from './setting.ts';

// One client overfits on 60 of 120 candidates; a third of its weights is encrypted.
const model = findModel('mlp-2fc');
const start = model.initialize(randomStream(3, 'init'));
const { train } = await loadDataset('mnist', { limit: 400, testLimit: 1 });
const candidates = take(0, 120, train);
const truth: GroundTruth = {
  membership: [
    {
      ...{ client: 0, round: 1, labels: candidates.labels },
      members: Uint8Array.from({ length: 120 }, (_, at) => (at < 60 ? 1 : 0)),
    },
  ],
  ...{ reconstruction: [], meanImage: new Float32Array(784), distractors: new Float32Array(0) },
};
const question = { client: 0, round: 1, candidates };
const aux = knowledge({ membership: [question] }, take(200, 200, train));
const random = randomStream(5, 'mask');
const mask = nothingEncrypted(model).map(() => (random.uniform() < 1 / 3 ? 1 : 0));
const EPOCHS = 60;

let weights: Float32Array;
beforeAll(async () => {
  const settings = { steps: 2 * EPOCHS, learningRate: 0.3 };
  weights = await trainLocally(model, start, take(0, 60, train), settings);
});

const viewOf = (sent: Float32Array, encrypted: Uint8Array): ServerView => ({
  ...oneRound(
    model,
    start,
    [{ weights: sent, samples: 60, localSteps: 2 * EPOCHS }],
    encrypted,
    0.3,
  ),
  hyper: { learningRate: 0.3, localEpochs: EPOCHS, batchSize: 30 },
});

const settings: Readonly<Record<string, object>> = {
  'modified-entropy': {},
  'ml-leaks': { attackIterations: 200 },
  lira: { references: 4 },
  rmia: { references: 4 },
  'white-box': { attackIterations: 100 },
};
const loopers = attacks.filter(
  ({ meta }) => meta.kind === 'membership' && meta.adversaries.includes('in-the-loop'),
);

test('every membership attack that trains models of its own can do so in the loop', () => {
  expect(loopers.map(({ meta }) => meta.id).sort()).toEqual(Object.keys(settings).sort());
});

describe.each(loopers)('$meta.id in the loop', (attack) => {
  const run = (sent: Float32Array, encrypted: Uint8Array, adversary: AdversaryId) =>
    ask(attack, {
      ...{ model, aux, adversary, view: viewOf(sent, encrypted) },
      params: settings[attack.meta.id] ?? {},
    }) as Promise<MembershipOutput>;

  test('finds members of a masked model, the same every time', async () => {
    const output = await run(weights, mask, 'in-the-loop');
    expect(auc.score(output, truth)?.value).toBeGreaterThan(0.58);
    expect(bytesOf(await run(weights, mask, 'in-the-loop'))).toBe(bytesOf(output));
  });

  test('sees no encrypted value', async () => {
    const noise = randomStream(6, 'noise');
    const noised = weights.map((weight, at) => (mask[at] === 1 ? noise.normal() : weight));
    expect(bytesOf(await run(noised, mask, 'in-the-loop'))).toBe(
      bytesOf(await run(weights, mask, 'in-the-loop')),
    );
  });

  test('trains on what the mask leaves: another mask, another answer', async () => {
    // The victim's model is the same under both masks, so that only the shadow's can differ.
    const same = weights.map((weight, at) => (mask[at] === 1 ? (start[at] as number) : weight));
    expect(bytesOf(await run(same, mask, 'in-the-loop'))).not.toBe(
      bytesOf(await run(same, nothingEncrypted(model), 'in-the-loop')),
    );
    expect(bytesOf(await run(same, mask, 'mask-aware'))).toBe(
      bytesOf(await run(same, nothingEncrypted(model), 'mask-aware')),
    );
  });
});
