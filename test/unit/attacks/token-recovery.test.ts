import { describe, expect, test } from 'vitest';
import { tokenRecovery } from '../../../attacks/token-recovery/index.ts';
import { rowChanges } from '../../../attacks/token-recovery/row-changes.ts';
import { highFrom } from '../../../attacks/token-recovery/two-groups.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tokenF1, tokenPrecision, tokenRecall } from '../../../src/metrics/text/tokens.ts';
import type { GptHead } from '../../../src/models/gpt/layout.ts';
import type { Model } from '../../../src/models/model.ts';
import type { AdversaryId } from '../../../src/view/adversaries.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import { ask, oneRound } from './setting.ts';
import { smallGpt, takeSequences, textKnowledge, trainOnText } from './text.ts';

const PROBES = 6;

/** Probe clients with one sequence and one step each, from a model with that much training behind it. */
async function probeRound(model: Model, epochs: number, maskOf: (size: number) => Uint8Array) {
  const fresh = model.initialize(randomStream(1));
  const start = await trainOnText(model, fresh, takeSequences(0, 100), {
    ...{ epochs, learningRate: 0.1, batchSize: 4 },
  });
  const texts = Array.from({ length: PROBES }, (_, at) => takeSequences(200 + at, 1));
  const clients = await Promise.all(
    texts.map(async (own) => ({
      weights: await trainOnText(model, start, own, {
        ...{ epochs: 1, learningRate: 0.05, batchSize: 1 },
      }),
      samples: 1,
      localSteps: 1,
    })),
  );
  const question = (client: number) => ({ client, round: 1 });
  const truth: GroundTruth = {
    membership: [],
    reconstruction: texts.map(({ inputShape, inputs, labels }, client) => ({
      ...{ ...question(client), inputShape, images: inputs, labels },
    })),
    meanImage: new Float32Array(0),
    distractors: new Float32Array(0),
  };
  const aux = textKnowledge({
    reconstruction: clients.map((_, client) => ({
      ...question(client),
      samples: 1,
      localSteps: 1,
    })),
  });
  return { model, aux, truth, view: oneRound(model, start, clients, maskOf(start.length), 0.05) };
}

async function scores(round: Awaited<ReturnType<typeof probeRound>>, adversary: AdversaryId) {
  const { truth, ...asked } = round;
  const output = await ask(tokenRecovery, { ...asked, adversary });
  const score = (metric: typeof tokenF1) => metric.score(output, truth);
  return {
    output,
    recall: score(tokenRecall)?.value as number,
    precision: score(tokenPrecision)?.value as number,
    f1: score(tokenF1)?.value as number,
    guess: score(tokenF1)?.baselines?.['usual tokens'] as number,
  };
}

const nothing = (size: number) => new Uint8Array(size);

describe('from an unprotected update', () => {
  test.each([
    ['untied', 0],
    ['untied', 4],
    ['tied', 0],
    ['tied', 4],
  ] as const)('of a model with a %s head after %i epochs', async (head: GptHead, epochs) => {
    const found = await scores(await probeRound(smallGpt(head), epochs, nothing), 'oracle');
    expect(found.recall).toBeGreaterThanOrEqual(0.95);
    expect(found.f1).toBeGreaterThan(found.guess);
  });
});

test('a mask over the embeddings leaves the guess, unless the vector has them twice', async () => {
  const [tied, duplicated] = [smallGpt('tied'), smallGpt('duplicated')];
  const { offset, size: values } = tied.layout.entry('transformer.wte.weight');
  const maskOf = (size: number) => nothing(size).fill(1, offset, offset + values);
  const hidden = await scores(await probeRound(tied, 0, maskOf), 'mask-aware');
  expect(hidden.output.targets.every(({ from }) => from === 'prior')).toBe(true);
  expect(hidden.f1).toBe(hidden.guess);
  const twice = await scores(await probeRound(duplicated, 0, maskOf), 'mask-aware');
  const open = await scores(await probeRound(tied, 0, nothing), 'mask-aware');
  expect(twice.output).toEqual(open.output);
});

test('a tenth of the coordinates in plaintext is enough', async () => {
  const random = randomStream(3);
  const mostly = (size: number) => nothing(size).map(() => (random.uniform() < 0.9 ? 1 : 0));
  const { recall } = await scores(await probeRound(smallGpt('untied'), 0, mostly), 'mask-aware');
  // 1.6 of 16 coordinates per row; a row without any is the guess.
  expect(recall).toBeGreaterThan(0.6);
});

test('the common move is taken out, in its own direction only', () => {
  const entry = {
    ...{ name: 'e', shape: [5, 2], offset: 1, size: 10, kind: 'weight' as const, layer: 0 },
  };
  // Absent tokens move by 1, 2 and 3 times (1, 1); present ones against it, or elsewhere.
  const update = Float32Array.of(9, 1, 1, 2, 2, 3, 3, -1, -1, 1, 5);
  const scored = new Uint8Array(11).fill(1);
  // Columns' medians are 1 and 2: what is left of (1, 1) is (1, 1) − 3/5 (1, 2).
  const left = rowChanges({ update, scored, entry });
  expect(left[0]).toBeCloseTo(Math.sqrt((0.4 ** 2 + 0.2 ** 2) / 2), 6);
  expect(left[3]).toBeCloseTo(1, 6);
  expect(left[4]).toBeCloseTo(Math.sqrt(((1 - 2.2) ** 2 + (5 - 4.4) ** 2) / 2), 6);
  scored.fill(0, 3, 5);
  expect(rowChanges({ update, scored, entry })[1]).toBeNaN();
});

test('two groups are cut where logarithms lie furthest apart', () => {
  expect(highFrom([1, 1.2, 0.9, 30, 40, 1.1])).toBe(30);
  expect(highFrom([0, 0, 3, 0.001])).toBe(0.001);
  expect(highFrom([0, 0])).toBe(Number.POSITIVE_INFINITY);
});

test('scores are those counted by hand', () => {
  const truth: GroundTruth = {
    membership: [],
    reconstruction: [
      {
        ...{ client: 0, round: 1, inputShape: [4] },
        ...{ images: Float32Array.of(1, 2, 1, 3), labels: Int32Array.of(4) },
      },
    ],
    meanImage: new Float32Array(0),
    distractors: new Float32Array(0),
  };
  const output = {
    kind: 'text' as const,
    targets: [
      {
        ...{ client: 0, round: 1, from: 'update' as const },
        ...{ tokens: Int32Array.of(1, 2, 4, 5, 6), guess: Int32Array.of(1, 9) },
      },
    ],
  };
  expect(tokenRecall.score(output, truth)?.value).toBe(3 / 4);
  expect(tokenPrecision.score(output, truth)?.value).toBe(3 / 5);
  expect(tokenF1.score(output, truth)).toMatchObject({
    value: 6 / 9,
    baselines: { 'usual tokens': 2 / 6 },
  });
});
