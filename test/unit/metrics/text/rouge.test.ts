import { expect, test } from 'vitest';
import type { TextOutput } from '../../../../src/api/attack.ts';
import {
  commonSubsequence,
  exactTexts,
  rouge1,
  rouge2,
  rougeL,
} from '../../../../src/metrics/text/rouge.ts';
import { maskTokenF1 } from '../../../../src/metrics/text/tokens.ts';
import type { GroundTruth } from '../../../../src/view/ground-truth.ts';

const ints = (...values: number[]) => Int32Array.from(values);

// Two texts of four tokens: 1 2 3 1 and 4 4 5 6.
const truth: GroundTruth = {
  membership: [],
  reconstruction: [
    {
      ...{ client: 7, round: 2, inputShape: [3] },
      ...{ images: Float32Array.of(1, 2, 3, 4, 4, 5), labels: ints(1, 6) },
    },
  ],
  meanImage: new Float32Array(0),
  distractors: new Float32Array(0),
};
const target = {
  ...{ client: 7, round: 2, from: 'update' as const },
  ...{ tokens: ints(1, 2, 4, 5, 6), guess: ints(1, 9) },
};
const answered: TextOutput = {
  kind: 'text',
  // In the other order: the second is exact; the first has 1 1 2 9 for 1 2 3 1.
  targets: [
    { ...target, texts: [ints(4, 4, 5, 6), ints(1, 1, 2, 9)], guessedText: ints(1, 4, 4, 2) },
  ],
};

test('scores are those counted by hand', () => {
  // 1, 1 and 2 in common of four each; the pair 1 2 in common of three each; 1 2 or 1 1 in order.
  expect(rouge1.score(answered, truth)?.value).toBeCloseTo((3 / 4 + 1) / 2, 12);
  expect(rouge2.score(answered, truth)?.value).toBeCloseTo((1 / 3 + 1) / 2, 12);
  expect(rougeL.score(answered, truth)?.value).toBeCloseTo((2 / 4 + 1) / 2, 12);
  expect(exactTexts.score(answered, truth)?.value).toBe(1 / 2);
  expect(rouge1.score(answered, truth)?.n).toBe(2);
});

test('the guess is scored beside them', () => {
  // 1 4 4 2 against 1 2 3 1: 1 and 2, no pair, 1 2 in order; against 4 4 5 6: 4 twice, the pair 4 4.
  const guessed = (metric: typeof rouge1) =>
    metric.score(answered, truth)?.baselines?.['unigram guess'];
  expect(guessed(rouge1)).toBeCloseTo(2 / 4, 12);
  expect(guessed(rouge2)).toBeCloseTo((0 + 1 / 3) / 2, 12);
  expect(guessed(rougeL)).toBeCloseTo(2 / 4, 12);
  expect(guessed(exactTexts)).toBe(0);
});

test('an answer without order has no such scores', () => {
  const output: TextOutput = { kind: 'text', targets: [target] };
  for (const metric of [rouge1, rouge2, rougeL, exactTexts])
    expect(metric.score(output, truth)).toBeNull();
});

test('a subsequence may leave tokens out on both sides', () => {
  expect(commonSubsequence(ints(1, 2, 3, 4, 5), ints(9, 1, 3, 8, 5, 2))).toBe(3);
  expect(commonSubsequence(ints(), ints(1))).toBe(0);
});

test('what the mask names is scored beside its shuffled self and the usual tokens', () => {
  const masked: TextOutput = {
    kind: 'text',
    targets: [{ ...target, maskTokens: { named: ints(1, 2, 3, 4), control: ints(8, 9) } }],
  };
  // Present are 1 … 6.
  expect(maskTokenF1.score(masked, truth)).toMatchObject({
    value: 8 / 10,
    baselines: { 'usual tokens': 2 / 8, 'shuffled mask': 0 },
  });
  expect(maskTokenF1.score({ kind: 'text', targets: [target] }, truth)).toBeNull();
});
