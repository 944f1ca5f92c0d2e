import type { TextOutput } from '../../api/attack.ts';
import { valuesCluster } from '../../stats/bootstrap.ts';
import type { GroundTruth } from '../../view/ground-truth.ts';
import { clusteredMetric } from '../clustered.ts';
import { type SequencePair, sequencePairs } from './sequences.ts';

/** Tokens in common, as often as both texts have them. */
export const rouge1 = sequenceMetric({
  id: 'rouge-1',
  title: 'Text recovered (ROUGE-1)',
  source: 'Lin 2004, ROUGE-N with n = 1; F1 on the model’s tokens, of the best pairing of a batch',
  score: (pair) => rougeN(pair, 1),
});

/** Pairs of tokens in common, as often as both texts have them: an order within reach of two. */
export const rouge2 = sequenceMetric({
  id: 'rouge-2',
  title: 'Text recovered (ROUGE-2)',
  source: 'Lin 2004, ROUGE-N with n = 2; F1 on the model’s tokens, of the best pairing of a batch',
  score: (pair) => rougeN(pair, 2),
});

/** The longest subsequence in common: the order of all. */
export const rougeL = sequenceMetric({
  id: 'rouge-l',
  title: 'Text recovered (ROUGE-L)',
  source: 'Lin 2004, ROUGE-L; F1 on the model’s tokens, of the best pairing of a batch',
  // Both texts are equally long, so that precision and recall are one number.
  score: ({ original, answer }) => commonSubsequence(original, answer) / original.length,
});

/** Share of texts of which every token is right. */
export const exactTexts = sequenceMetric({
  id: 'exact-texts',
  title: 'Texts recovered exactly',
  source: 'All tokens of the text and their order; of the best pairing of a batch',
  score: ({ original, answer }) => (original.every((token, at) => token === answer[at]) ? 1 : 0),
});

/** A mean over texts, `null` for answers without order; beside it what a text by frequencies scores. */
function sequenceMetric(about: {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly score: (pair: SequencePair) => number;
}) {
  const { id, title, source, score } = about;
  const pairsOf = ({ targets }: TextOutput, truth: GroundTruth) => {
    const pairs = targets.map((target) => sequencePairs(target, truth));
    return pairs.includes(null) ? null : (pairs as SequencePair[][]);
  };
  return clusteredMetric<TextOutput>({
    meta: {
      ...{ id, version: 1, title, unit: 'share', kind: 'text', higherMeansMoreLeakage: true },
      source,
    },
    clusters: (output, truth) =>
      pairsOf(output, truth)?.map((pairs) => valuesCluster(pairs.map(score))) ?? null,
    baselines(output, truth) {
      const pairs = pairsOf(output, truth);
      const guesses = output.targets.map(({ guessedText }) => guessedText);
      if (!pairs || guesses.includes(undefined)) return {};
      return {
        'unigram guess': pairs.map((own, at) =>
          valuesCluster(
            own.map(({ original }) => score({ original, answer: guesses[at] as Int32Array })),
          ),
        ),
      };
    },
    samples: (output, truth) => (pairsOf(output, truth) ?? []).flat().length,
  });
}

/**
 * 2 · |n-grams in common| / (|n-grams of one| + |of the other|), every n-gram as often as it occurs.
 * Texts shorter than n have none, and nothing in common.
 */
export function rougeN({ original, answer }: SequencePair, n: number): number {
  const counts = nGrams(original, n);
  let common = 0;
  for (const [gram, count] of nGrams(answer, n)) common += Math.min(count, counts.get(gram) ?? 0);
  const total = [original, answer].reduce(
    (sum, { length }) => sum + Math.max(0, length - n + 1),
    0,
  );
  return total === 0 ? 0 : (2 * common) / total;
}

function nGrams(text: Int32Array, n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let first = 0; first + n <= text.length; first++) {
    const gram = text.subarray(first, first + n).join();
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** Length of the longest common subsequence. */
export function commonSubsequence(a: Int32Array, b: Int32Array): number {
  let before = new Uint32Array(b.length + 1);
  for (const token of a) {
    const now = new Uint32Array(b.length + 1);
    b.forEach((other, at) => {
      now[at + 1] =
        token === other
          ? (before[at] as number) + 1
          : Math.max(before[at + 1] as number, now[at] as number);
    });
    before = now;
  }
  return before[b.length] as number;
}
