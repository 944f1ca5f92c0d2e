import { expect, test } from 'vitest';
import { perplexity } from '../../../attacks/perplexity/index.ts';
import { NotApplicable } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { heldOutPerplexity, memberPerplexity } from '../../../src/metrics/text/perplexity.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import { tokenLosses } from '../models/gpt/reference.ts';
import { ask, knowledge, oneRound, take } from './setting.ts';
import { smallGpt, takeSequences, textKnowledge, trainOnText } from './text.ts';

const model = smallGpt('tied');
const start = model.initialize(randomStream(1));
const size = { blocks: 1, heads: 2, width: 16, context: 64, vocabulary: 65 };

/** 40 candidates: the victim's first 20 sequences, and 20 of nobody. */
const candidates = takeSequences(0, 40);
const aux = textKnowledge({ membership: [{ client: 0, round: 1, candidates }] });
const truth: GroundTruth = {
  membership: [
    {
      ...{ client: 0, round: 1, labels: candidates.labels },
      members: Uint8Array.from({ length: 40 }, (_, at) => (at < 20 ? 1 : 0)),
    },
  ],
  reconstruction: [],
  meanImage: new Float32Array(0),
  distractors: new Float32Array(0),
};

const viewOf = (weights: Float32Array, mask = new Uint8Array(start.length)) =>
  oneRound(model, start, [{ weights, samples: 20, localSteps: 1 }], mask, 0.1);

test('likelihoods are those of plain float64 loops', async () => {
  const output = await ask(perplexity, { model, view: viewOf(start), aux });
  const found = output.targets[0]?.logLikelihoods as Float64Array;
  for (const at of [0, 7, 39]) {
    const tokens = [...candidates.inputs.slice(64 * at, 64 * at + 64), candidates.labels[at] ?? 0];
    const losses = tokenLosses(size, model.layout, start, tokens, 'transformer.wte.weight');
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(Math.exp(-(found[at] as number)) / Math.exp(mean)).toBeCloseTo(1, 4);
  }
});

test('a model that learned its text by heart tells it from other text', async () => {
  const weights = await trainOnText(model, start, takeSequences(0, 20), {
    ...{ epochs: 150, learningRate: 0.5, batchSize: 5 },
  });
  const output = await ask(perplexity, { model, view: viewOf(weights), aux });
  const untrained = await ask(perplexity, { model, view: viewOf(start), aux });
  const on = (metric: typeof memberPerplexity, of = output) =>
    metric.score(of, truth)?.value as number;
  expect(on(memberPerplexity)).toBeLessThan(0.5 * on(memberPerplexity, untrained));
  expect(on(heldOutPerplexity)).toBeGreaterThan(on(memberPerplexity));
  expect(on(auc)).toBeGreaterThan(0.75);

  // Encrypted in full, the exposed model is the initial one.
  const hidden = viewOf(weights, new Uint8Array(start.length).fill(1));
  const stale = await ask(perplexity, { model, view: hidden, aux, adversary: 'stale' });
  expect(on(memberPerplexity, stale)).toBe(on(memberPerplexity, untrained));
});

test('is asked of language models only', async () => {
  const other = findModel('mlp-2fc');
  const weights = other.initialize(randomStream(1));
  const asked = {
    model: other,
    view: oneRound(
      other,
      weights,
      [{ weights, samples: 1, localSteps: 1 }],
      new Uint8Array(weights.length),
      0.1,
    ),
    aux: knowledge({ membership: [{ client: 0, round: 1, candidates: take(0, 4) }] }),
  };
  await expect(ask(perplexity, asked)).rejects.toThrow(NotApplicable);
  await expect(ask(perplexity, asked)).rejects.toThrow(/mlp-2fc is none/);
});
