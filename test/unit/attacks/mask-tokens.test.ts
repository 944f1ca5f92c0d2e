import { expect, test } from 'vitest';
import { tokenRecovery } from '../../../attacks/token-recovery/index.ts';
import { chosenTokens } from '../../../attacks/token-recovery/mask-rows.ts';
import { selectMask } from '../../../defenses/maskcrypt/mask-selection.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { maskTokenF1 } from '../../../src/metrics/text/tokens.ts';
import type { GptHead } from '../../../src/models/gpt/layout.ts';
import { coordinateSet } from '../../../src/view/coordinate-set.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import type { ServerView } from '../../../src/view/server-view.ts';
import { ask } from './setting.ts';
import { smallGpt, takeSequences, textKnowledge, trainOnText } from './text.ts';

const entry = {
  ...{ name: 'e', shape: [20, 10], offset: 3, size: 200, kind: 'weight' as const, layer: 0 },
};
/** A set with so many coordinates of each token's row. */
const setOf = (counts: readonly number[]) => {
  const set = new Uint8Array(203);
  counts.forEach((count, token) => {
    set.fill(1, 3 + token * 10, 3 + token * 10 + count);
  });
  return set;
};
const rows = (one: (token: number) => number) => Array.from({ length: 20 }, (_, at) => one(at));

test('rows with many chosen coordinates are told from rows with few', () => {
  const few = rows((token) => (token % 4 === 0 ? 8 : 1));
  expect([...(chosenTokens([setOf(few)], entry) ?? [])]).toEqual([0, 4, 8, 12, 16]);
  // Rounds add up: neither set tells 4 and 5 from the others by itself.
  const halves = [0, 1].map((half) => setOf(rows((at) => (at === 4 + half ? 9 : at < 4 ? 9 : 0))));
  expect([...(chosenTokens(halves, entry) ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
});

test('rows that differ as a blind choice makes them name nothing', () => {
  expect(chosenTokens([setOf(rows(() => 3))], entry)).toBeUndefined();
  expect(chosenTokens([setOf(rows(() => 10))], entry)).toBeUndefined();
  // Binomial counts of mean 5 and variance 2.5.
  const random = randomStream(1);
  const blind = () =>
    rows(() => Array.from({ length: 10 }).filter(() => random.uniform() < 0.5).length);
  const named = Array.from({ length: 100 }, () => chosenTokens([setOf(blind())], entry));
  // Four deviations: fewer than one in a thousand by a normal law, some more by its skewed one.
  expect(named.filter((tokens) => tokens).length).toBeLessThanOrEqual(2);
});

const LEARNING_RATE = 0.05;

/** One client's part in two rounds, under masks it proposed, and what is found of its text. */
async function found(
  head: GptHead,
  propose: (start: Float32Array, sent: Float32Array, round: number) => Uint32Array,
  params: Record<string, unknown> = {},
) {
  const model = smallGpt(head);
  const own = takeSequences(200, 1);
  const initialModel = model.initialize(randomStream(1));
  let start = initialModel;
  const rounds: ServerView['rounds'][number][] = [];
  for (const round of [1, 2]) {
    const sent = await trainOnText(model, start, own, {
      ...{ epochs: 1, learningRate: LEARNING_RATE, batchSize: 1 },
    });
    const proposal = propose(start, sent, round);
    const mask = coordinateSet(start.length, proposal);
    const transmission = {
      ...{ client: 0, samples: 1, localSteps: 1, batchSize: 1, proposal },
      ...{ weights: PartialVector.plaintextPart(sent, mask), ciphertexts: { count: 1, bytes: 1 } },
    };
    rounds.push({
      ...{ round, mask, globalModel: PartialVector.complete(start) },
      transmissions: [transmission],
    });
    start = sent;
  }
  const view: ServerView = {
    ...{ model: model.id, size: start.length, initialModel, rounds, serverLearns: 'aggregate' },
    hyper: { learningRate: LEARNING_RATE, localEpochs: 1, batchSize: 1 },
    encryption: { parameterSet: 'ckks-tenseal', keySetup: 'shared' },
    finalModel: PartialVector.complete(start),
  };
  const question = { client: 0, round: 2 };
  const aux = textKnowledge({ reconstruction: [{ ...question, samples: 1, localSteps: 1 }] });
  const asked = { model, view, aux, adversary: 'mask-aware', params: params as never } as const;
  const output = await ask(tokenRecovery, asked);
  const truth: GroundTruth = {
    membership: [],
    reconstruction: [{ ...question, inputShape: [64], images: own.inputs, labels: own.labels }],
    meanImage: new Float32Array(0),
    distractors: new Float32Array(0),
  };
  const present = new Set([...own.inputs, ...own.labels]);
  return { target: output.targets[0], score: maskTokenF1.score(output, truth), present };
}

/** MaskCrypt's choice of a fifth, in its order, against an attacker that knows where the client started. */
const guided = (start: Float32Array, sent: Float32Array) =>
  selectMask(
    start.map((before, at) => before - (sent[at] as number)),
    start,
    sent,
    Math.round(start.length / 5),
  );

test.each([
  ['tied', 0.8],
  // Of 16 values per row, those of rare tokens are not among the first chosen.
  ['untied', 0.6],
] as const)(
  'a guided mask of a model with a %s head names tokens, its shuffled self does not',
  async (head, least) => {
    const { score, target, present } = await found(head, guided);
    expect(score?.value).toBeGreaterThan(least);
    expect(score?.value).toBeGreaterThan(score?.baselines?.['shuffled mask'] as number);
    const named = target?.maskTokens?.named ?? new Int32Array(0);
    expect(named.filter((token) => present.has(token)).length / named.length).toBeGreaterThan(0.9);
  },
);

test('a random mask names nothing', async () => {
  const { target, score } = await found('tied', (start, _, round) =>
    randomStream(round).sample(start.length, Math.round(start.length / 20)),
  );
  expect(target?.maskTokens).toBeUndefined();
  expect(score).toBeNull();
});

test('rounds are joined, or only what is in all of them is named', async () => {
  const named = async (rounds: string) =>
    new Set((await found('tied', guided, { rounds })).target?.tokens);
  const asked = await named('asked');
  const union = await named('union');
  const intersection = await named('intersection');
  expect([...asked].every((token) => union.has(token))).toBe(true);
  expect([...intersection].every((token) => asked.has(token))).toBe(true);
  // More than half of two rounds are both.
  expect(await named('frequency')).toEqual(intersection);
});
