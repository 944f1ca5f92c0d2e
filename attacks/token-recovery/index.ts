import { z } from 'zod';
import {
  type AttackContext,
  defineAttack,
  NotApplicable,
  type RecoveredTokens,
} from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import { type Exposure, readingAdversaries } from '../../src/view/adversaries.ts';
import type { ReconstructionTarget } from '../../src/view/auxiliary.ts';
import { rowChanges } from './row-changes.ts';
import { highFrom } from './two-groups.ts';

/**
 * Which tokens did the probe client train on? The embeddings have a row per token, and a training step
 * moves the rows of the tokens that came more than others.
 */
export const tokenRecovery = defineAttack({
  meta: {
    id: 'token-recovery',
    version: 1,
    title: 'Token recovery',
    source:
      'Melis et al. 2019 (non-zero embedding gradients are the words); for tied embeddings after Fowl et al. 2023 (Decepticons), which tells large from small rows. Here the move that all rows share is taken out first, and the groups are told apart by Otsu’s threshold on log sizes.',
    params: z.strictObject({}),
    kind: 'text',
    adversaries: readingAdversaries,
  },
  async run(_view, aux, context) {
    const { model, signal, progress } = context;
    if (!model.language)
      throw new NotApplicable(`Tokens are looked for in language models; ${model.id} is none.`);
    const { embedding } = model.language;
    if (!model.layout.entries.some(({ name }) => name === embedding))
      throw new NotApplicable(
        `${model.id} exchanges no token embeddings, so that it has no rows of tokens to look at.`,
      );
    if (aux.reconstruction.length === 0)
      throw new NotApplicable('The run has no probe clients, so there are no tokens to find.');
    const guess = usualTokens(aux.shadow, model.classes);
    const targets = aux.reconstruction.map((probe, at) => {
      signal.throwIfAborted();
      const answer = findTokens(probe, context, guess);
      progress((at + 1) / aux.reconstruction.length);
      return answer;
    });
    return { kind: 'text', targets };
  },
});

/** Tokens found in the rows that can be read; of the others, those the attacker would guess. */
function findTokens<P>(
  { client, round }: ReconstructionTarget,
  { expose, model: { layout, classes, language, copies } }: AttackContext<P>,
  guess: Int32Array,
): RecoveredTokens {
  const exposure = expose({ client, round });
  const name = language?.embedding as string;
  const second = copies?.find(({ of }) => of === name)?.copy;
  const { update, scored } = readableUpdate(
    exposure,
    layout.entry(name).offset,
    second === undefined ? undefined : layout.entry(second).offset,
    layout.entry(name).size,
  );
  const changes = rowChanges({ update, scored, entry: layout.entry(name) });
  const readable = [...changes].filter((change) => !Number.isNaN(change));
  const moved = readable.some((change) => change > 0);
  const from = exposure.knownCount > 0 && moved ? 'update' : 'prior';
  if (from === 'prior') return { client, round, from, tokens: guess, guess };
  const threshold = highFrom(readable);
  const usual = new Set(guess);
  const tokens = Int32Array.from({ length: classes }, (_, token) => token).filter((token) => {
    const change = changes[token] as number;
    return Number.isNaN(change) ? usual.has(token) : change >= threshold;
  });
  return { client, round, from, tokens, guess };
}

/** The update, with what a copy of the embeddings shows of them where they themselves are encrypted. */
function readableUpdate(
  { start, model, scored }: Exposure,
  embeddings: number,
  copy: number | undefined,
  size: number,
) {
  const update = start.map((before, at) => before - (model[at] as number));
  if (copy === undefined) return { update, scored };
  const readable = scored.slice();
  for (let at = 0; at < size; at++) {
    if (readable[embeddings + at] === 1 || scored[copy + at] !== 1) continue;
    update[embeddings + at] = update[copy + at] as number;
    readable[embeddings + at] = 1;
  }
  return { update, scored: readable };
}

/** Tokens that are in more than half of the attacker's own sequences. */
function usualTokens({ count, inputs, labels }: LabelledSamples, vocabulary: number): Int32Array {
  const length = inputs.length / count;
  const seen = new Uint32Array(vocabulary);
  for (let sample = 0; sample < count; sample++) {
    const own = new Set(inputs.subarray(sample * length, (sample + 1) * length));
    own.add(labels[sample] as number);
    for (const token of own) seen[token] = (seen[token] as number) + 1;
  }
  return Int32Array.from(seen, (_, token) => token).filter(
    (token) => 2 * (seen[token] as number) > count,
  );
}
