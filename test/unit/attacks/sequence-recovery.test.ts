import { describe, expect, test } from 'vitest';
import { sequenceRecovery } from '../../../attacks/sequence-recovery/index.ts';
import { selectMask } from '../../../defenses/maskcrypt/mask-selection.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { exactTexts, rougeL } from '../../../src/metrics/text/rouge.ts';
import { gpt } from '../../../src/models/gpt/gpt.ts';
import type { GptHead } from '../../../src/models/gpt/layout.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import { ask, oneRound } from './setting.ts';
import { beginnings, takeSequences, textKnowledge, trainOnText } from './text.ts';

const CONTEXT = 16;
const LEARNING_RATE = 0.05;

interface Round {
  readonly head?: GptHead;
  /** Of the global model, on other texts. */
  readonly epochs?: number;
  readonly samples?: number;
  readonly localSteps?: number;
  /** 1 = encrypted, from what one step moved. */
  readonly mask?: (start: Float32Array, sent: Float32Array) => Uint8Array;
  readonly params?: Record<string, unknown>;
}

/** One probe client, and how much of its texts an attacker finds that uses what it can read. */
async function recovered({
  head = 'tied',
  epochs = 2,
  samples = 1,
  localSteps = 1,
  mask = (start) => new Uint8Array(start.length),
  params = {},
}: Round) {
  const model = gpt({
    // Which token continues which text is told by a second block.
    ...{ blocks: samples > 1 ? 2 : 1, heads: 2, width: 48, context: CONTEXT, vocabulary: 65 },
    ...{ id: `short-gpt-${head}`, title: '', head },
  });
  const take = (first: number, count: number) => beginnings(takeSequences(first, count), CONTEXT);
  const start = await trainOnText(model, model.initialize(randomStream(1)), take(0, 100), {
    ...{ epochs, learningRate: 0.1, batchSize: 4 },
  });
  const own = take(300, samples);
  const weights = await trainOnText(model, start, own, {
    ...{ epochs: localSteps, learningRate: LEARNING_RATE, batchSize: samples },
  });
  const client = { weights, samples, localSteps };
  const encrypted = mask(start, weights);
  const view = oneRound(model, start, [client], encrypted, LEARNING_RATE);
  const question = { client: 0, round: 1 };
  const aux = {
    ...textKnowledge({ reconstruction: [{ ...question, samples, localSteps }] }),
    shadow: take(400, 100),
  };
  const output = await ask(sequenceRecovery, {
    model,
    view,
    aux,
    adversary: 'mask-aware',
    params: params as never,
  });
  const truth: GroundTruth = {
    membership: [],
    reconstruction: [
      { ...question, inputShape: [CONTEXT], images: own.inputs, labels: own.labels },
    ],
    meanImage: new Float32Array(0),
    distractors: new Float32Array(0),
  };
  return { output, exact: exactTexts.score(output, truth), rougeL: rougeL.score(output, truth) };
}

describe('every token at its place, from an update', () => {
  test.each<[string, Round]>([
    ['of a trained model', {}],
    ['of a model with a head of its own', { head: 'untied' }],
    ['of two texts', { samples: 2 }],
    ['of two local steps', { localSteps: 2 }],
    ['of which a fifth is encrypted at random', { mask: blindly(0.2) }],
    ['of which MaskCrypt encrypts a fifth', { mask: guided(0.2) }],
    ['of a new model without a span test', { epochs: 0, params: { spans: false } }],
  ])('%s', async (_, round) => {
    expect((await recovered(round)).exact?.value).toBe(1);
  });
});

test('the longer distance finds a new model’s text too', async () => {
  const params = { spans: false, distance: 'l2-l1', iterations: 300 } as const;
  expect((await recovered({ epochs: 0, params })).exact?.value).toBe(1);
});

test('where nothing can be read, the answer is the guess', async () => {
  const { output, exact, rougeL } = await recovered({
    mask: (start) => start.map(() => 1) as never,
  });
  const [target] = output.targets;
  expect(target?.from).toBe('prior');
  expect(target?.texts).toEqual([target?.guessedText]);
  expect(target?.guessedText).toHaveLength(CONTEXT + 1);
  expect(exact?.value).toBe(0);
  expect(rougeL?.value).toBe(rougeL?.baselines?.['unigram guess']);
});

function blindly(share: number) {
  return (start: Float32Array) => {
    const random = randomStream(5);
    return Uint8Array.from(start, () => (random.uniform() < share ? 1 : 0));
  };
}

/** MaskCrypt's choice against an attacker that knows the model the client started from. */
function guided(share: number) {
  return (start: Float32Array, sent: Float32Array) => {
    const mask = new Uint8Array(start.length);
    const moved = start.map((before, at) => before - (sent[at] as number));
    for (const at of selectMask(moved, start, sent, Math.round(share * start.length))) mask[at] = 1;
    return mask;
  };
}
