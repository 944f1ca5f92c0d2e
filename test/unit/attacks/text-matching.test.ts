import { expect, test } from 'vitest';
import type { ObservedUpdate } from '../../../attacks/gradient-matching/observed-update.ts';
import {
  constantValues,
  mixtureIteration,
  type TextProblem,
  textCosts,
} from '../../../attacks/sequence-recovery/matching.ts';
import type { NdArray } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { gpt } from '../../../src/models/gpt/gpt.ts';
import { engine } from './setting.ts';
import { beginnings, takeSequences, trainOnText } from './text.ts';

const CONTEXT = 6;
const RATE = 0.05;
const model = gpt({
  ...{ blocks: 1, heads: 2, width: 8, context: CONTEXT, vocabulary: 65 },
  ...{ id: 'matched-gpt', title: '', head: 'duplicated' },
});
const start = model.initialize(randomStream(1)).map((value) => 3 * value);
const all = Int32Array.from({ length: 65 }, (_, token) => token);
const take = (first: number, count: number) => beginnings(takeSequences(first, count), CONTEXT);
const words = ({ inputs, labels, count }: ReturnType<typeof take>) =>
  Array.from({ length: count }, (_, at) => [
    ...inputs.subarray(at * CONTEXT, (at + 1) * CONTEXT),
    labels[at] as number,
  ]);

const problemOf = (more: Partial<TextProblem>): TextProblem => ({
  ...{ model, samples: 2, length: CONTEXT + 1, localSteps: 1, batchSize: 2, learningRate: RATE },
  ...{ objective: { distance: 'cosine', absolute: 0 }, candidates: 65, ...more },
});
const updateOf = (sent: Float32Array, scored = sent.map(() => 1)): ObservedUpdate => ({
  ...{ client: 0, round: 1, start, samples: 2, localSteps: 1, batchSize: 2, learningRate: RATE },
  gradient: start.map((before, at) => (before - (sent[at] as number)) / RATE),
  scored: Uint8Array.from(scored),
});
const train = (own: ReturnType<typeof take>, epochs: number, batchSize: number) =>
  trainOnText(model, start, own, { epochs, learningRate: RATE, batchSize });

async function costs(problem: TextProblem, update: ObservedUpdate, texts: readonly number[][][]) {
  const program = await engine.compile(textCosts(problem));
  const data = Int32Array.from(texts.flat(2));
  const { outputs } = await program.run({
    ...{ steps: texts.length, state: [], constants: constantValues(problem, update, all) },
    perStep: [{ shape: [texts.length, data.length / texts.length], data }],
  });
  return [...(outputs[0] as NdArray).data];
}

const own = take(300, 2);
const [first, second] = words(own) as [number[], number[]];
const swapped = first.with(0, first[1] as number).with(1, first[0] as number);
const wrong = first.with(CONTEXT, ((first[CONTEXT] as number) + 1) % 65);
const answers = [
  [first, second],
  [second, first],
  [swapped, second],
  [wrong, second],
];

// What float32 weights keep of an update leaves less; a wrong token or order far more.
const EXACT = 1e-5;

test.each(['cosine', 'l2-l1'] as const)('the %s of the true texts is 0', async (distance) => {
  const problem = problemOf({ objective: { distance, absolute: 0.01 } });
  const [right, other, ...wrongs] = await costs(problem, updateOf(await train(own, 1, 2)), answers);
  expect(right).toBeLessThan(distance === 'cosine' ? EXACT : 1e-3);
  // A batch has no order.
  expect(other).toBeCloseTo(right as number, 4);
  for (const cost of wrongs) expect(cost).toBeGreaterThan(30 * (right as number));
});

test('local steps are replayed', async () => {
  const update = updateOf(await train(own, 3, 2));
  const [right] = await costs(problemOf({ localSteps: 3 }), update, answers);
  const [once] = await costs(problemOf({}), update, answers);
  expect(right).toBeLessThan(EXACT);
  expect(once).toBeGreaterThan(10 * (right as number));
});

test('an aggregate is the weighted mean of its clients’ trainings', async () => {
  const [one, two] = [await train(take(300, 1), 2, 1), await train(take(301, 1), 1, 1)];
  const mean = one.map((value, at) => 0.25 * value + 0.75 * (two[at] as number));
  const parts = [
    { samples: 1, localSteps: 2, batchSize: 1, weight: 0.25 },
    { samples: 1, localSteps: 1, batchSize: 1, weight: 0.75 },
  ];
  const [right, exchanged] = await costs(problemOf({ parts }), updateOf(mean), answers);
  expect(right).toBeLessThan(EXACT);
  expect(exchanged).toBeGreaterThan(100 * EXACT);
});

test('what is not scored counts nothing', async () => {
  const sent = await train(own, 1, 2);
  const random = randomStream(2);
  const scored = sent.map(() => (random.uniform() < 0.5 ? 1 : 0));
  const noised = sent.map((value, at) => (scored[at] === 1 ? value : 100));
  const [clean, noisy] = await Promise.all(
    [sent, noised].map((weights) => costs(problemOf({}), updateOf(weights, scored), answers)),
  );
  expect(noisy).toEqual(clean);
  expect(clean?.[0]).toBeLessThan(EXACT);
});

test('a step of the mixtures lowers the cost', async () => {
  const problem = problemOf({});
  const update = updateOf(await train(own, 1, 2));
  const program = await engine.compile(mixtureIteration(problem));
  const random = randomStream(3);
  const shape = [2 * (CONTEXT + 1), 65];
  const size = 14 * 65;
  const zeros = () => ({ shape, data: new Float32Array(size) });
  const { outputs } = await program.run({
    ...{ steps: 20, constants: constantValues(problem, update, all) },
    state: [
      { shape, data: Float32Array.from({ length: size }, () => random.normal()) },
      zeros(),
      zeros(),
    ],
    perStep: [{ shape: [20], data: new Float32Array(20).fill(0.02) }],
  });
  const seen = (outputs[0] as NdArray).data;
  expect(seen[19]).toBeLessThan(seen[0] as number);
});
