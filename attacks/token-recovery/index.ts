import { z } from 'zod';
import {
  type AttackContext,
  defineAttack,
  NotApplicable,
  type RecoveredTokens,
} from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import type { ReconstructionTarget } from '../../src/view/auxiliary.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { shuffledWithinTensors } from '../mask-leakage/observed-sets.ts';
import { chosenTokens, firstChoices } from './mask-rows.ts';
import { movedTokens } from './moved-rows.ts';
import { usualTokens } from './usual-tokens.ts';

const params = z.strictObject({
  rounds: z
    .enum(['asked', 'union', 'intersection', 'frequency'])
    .default('asked')
    .describe(
      'asked: the transmission asked about. Else all that the client sent: tokens found in any of them, in each, or in more than half',
    ),
});
type Params = z.infer<typeof params>;

/**
 * Which tokens did the probe client train on? The embeddings have a row per token, and a training step
 * moves the rows of the tokens that came more than others. So a client that wants encrypted what moved
 * most tells the same by its choice of coordinates.
 */
export const tokenRecovery = defineAttack({
  meta: {
    id: 'token-recovery',
    version: 3,
    title: 'Token recovery',
    source:
      'Melis et al. 2019 (non-zero embedding gradients are the words); for tied embeddings after Fowl et al. 2023 (Decepticons), which tells large from small rows. Here the move that all rows share is taken out first, and the groups are told apart by Otsu’s threshold on log sizes. Tokens from the mask alone: ours.',
    params,
    kind: 'text',
    adversaries: readingAdversaries,
  },
  async run(view, aux, context) {
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
      const answer = findTokens(view, probe, context, guess);
      progress((at + 1) / aux.reconstruction.length);
      return answer;
    });
    return { kind: 'text', targets };
  },
});

/**
 * Tokens found in the rows that can be read; of the others, those that the client's mask tells, else
 * those the attacker would guess.
 */
function findTokens(
  view: ServerView,
  { client, round }: ReconstructionTarget,
  { expose, model, params, random }: AttackContext<Params>,
  guess: Int32Array,
): RecoveredTokens {
  const told = tokensOfMasks(view, client, { model, random });
  const unread = new Set(told?.named ?? guess);
  const found = roundsOf(view, client, round, params.rounds).flatMap((one) => {
    const tokens = movedTokens(expose({ client, round: one }), model, unread);
    return tokens ? [tokens] : [];
  });
  const tokens = found.length > 0 ? combined(found, params.rounds) : told?.named;
  return {
    ...{ client, round, guess },
    ...(tokens ? { from: 'update', tokens } : { from: 'prior', tokens: guess }),
    ...(told && { maskTokens: told }),
  };
}

/** What the client's masks name by themselves, and what as many coordinates chosen blindly would. */
function tokensOfMasks(
  view: ServerView,
  client: number,
  { model, random }: Pick<AttackContext<Params>, 'model' | 'random'>,
): RecoveredTokens['maskTokens'] {
  const { layout, language } = model;
  const entry = layout.entry(language?.embedding as string);
  const chosen = view.rounds.flatMap((round) => {
    const sent = round.transmissions.find((one) => one.client === client);
    return (sent && firstChoices(round, sent, entry)) ?? [];
  });
  const named = chosenTokens(chosen, entry);
  if (!named) return undefined;
  const shuffled = chosen.map((set, at) =>
    shuffledWithinTensors(set, layout, random.derive('token-recovery', client, at)),
  );
  return { named, control: chosenTokens(shuffled, entry) ?? new Int32Array(0) };
}

function roundsOf(
  { rounds }: ServerView,
  client: number,
  asked: number,
  which: Params['rounds'],
): number[] {
  const own = rounds.filter(({ transmissions }) =>
    transmissions.some((sent) => sent.client === client),
  );
  // An aggregate is no client's, and other rounds' are of other clients.
  return which === 'asked' || own.length === 0 ? [asked] : own.map(({ round }) => round);
}

/** Tokens that are in any, all or most of the rounds' sets, rising. */
function combined(found: readonly Int32Array[], which: Params['rounds']): Int32Array {
  const least = { asked: 1, union: 1, intersection: found.length, frequency: found.length / 2 };
  const times = new Map<number, number>();
  for (const token of found.flatMap((tokens) => [...tokens]))
    times.set(token, (times.get(token) ?? 0) + 1);
  return Int32Array.from(times.keys())
    .filter((token) => {
      const count = times.get(token) as number;
      return which === 'frequency' ? count > least.frequency : count >= least[which];
    })
    .sort();
}
