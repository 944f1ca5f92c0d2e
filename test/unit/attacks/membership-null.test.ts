import { beforeAll, expect, test } from 'vitest';
import { attacks } from '../../../attacks/index.ts';
import type { MembershipOutput } from '../../../src/api/attack.ts';
import { loadDataset } from '../../../src/data/registry.ts';
import { takeSamples } from '../../../src/data/samples.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import type { ServerView } from '../../../src/view/server-view.ts';
import {
  ask,
  type Client,
  knowledge,
  nothingEncrypted,
  oneRound,
  take,
  trainLocally,
} from './setting.ts';

// Nobody trained on any candidate: which of them are called members is drawn at random.
const model = findModel('mlp-2fc');
const start = model.initialize(randomStream(3, 'init'));
const { train } = await loadDataset('mnist', { limit: 1200, testLimit: 1 });
const CANDIDATES = 400;
const candidates = take(800, CANDIDATES, train);
const members = new Uint8Array(CANDIDATES);
for (const at of randomStream(9, 'members').sample(CANDIDATES, CANDIDATES / 2)) members[at] = 1;
const truth: GroundTruth = {
  membership: [{ client: 0, round: 1, members, labels: candidates.labels }],
  reconstruction: [],
  meanImage: new Float32Array(784),
  distractors: new Float32Array(0),
};
const shadow = takeSamples(train, randomStream(5, 'shadow').sample(400, 200));
const aux = knowledge({ membership: [{ client: 0, round: 1, candidates }] }, shadow);

let view: ServerView;
beforeAll(async () => {
  const clients: Client[] = [];
  for (let client = 0; client < 4; client++) {
    const own = take(400 + 100 * client, 100, train);
    const weights = await trainLocally(model, start, own, { steps: 200, learningRate: 0.3 });
    clients.push({ weights, samples: 100, localSteps: 200 });
  }
  view = oneRound(model, start, clients, nothingEncrypted(model), 0.3);
});

/** Enough to learn what members look like. */
const settings: Readonly<Record<string, object>> = {
  'modified-entropy': { epochs: 40 },
  'ml-leaks': { epochs: 40 },
  lira: { epochs: 20, references: 4 },
  rmia: { epochs: 20, references: 4 },
  'white-box': { epochs: 40 },
};
/** Attacks that have nothing to ask here: of masks, and of language models. */
const elsewhere = ['mask-leakage', 'perplexity'];
const variants = [
  ...attacks
    .filter(({ meta }) => meta.kind === 'membership' && !elsewhere.includes(meta.id))
    .map(({ meta }) => [meta.id, settings[meta.id] ?? {}] as const),
  ['ml-leaks', { epochs: 40, classifier: 'boosted-trees' }] as const,
  ['lira', { epochs: 20, references: 4, mode: 'offline' }] as const,
  ['rmia', { epochs: 20, references: 4, mode: 'online' }] as const,
  ['gradient-cosine', { statistic: 'difference' }] as const,
];

test.each(variants)('%s %j guesses where no candidate was trained on', async (id, params) => {
  const attack = attacks.find(({ meta }) => meta.id === id);
  if (!attack) throw new RangeError(`no attack ${id}`);
  const output = await ask(attack, { model, view, aux, params });
  const { targets } = output as MembershipOutput;
  // The exposed model's accuracy is one number, whichever attacks are asked: one reports it.
  expect(targets[0]?.predictedLabels !== undefined).toBe(id === 'loss-threshold');
  const { interval, n } = auc.score(output as MembershipOutput, truth) ?? {};
  expect(n).toBe(CANDIDATES);
  expect(interval?.low).toBeLessThan(0.5);
  expect(interval?.high).toBeGreaterThan(0.5);
});
