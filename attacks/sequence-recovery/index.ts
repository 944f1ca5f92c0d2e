import { z } from 'zod';
import {
  type AttackContext,
  defineAttack,
  NotApplicable,
  type RecoveredTokens,
} from '../../src/api/attack.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { type Exposure, readingAdversaries } from '../../src/view/adversaries.ts';
import type { AuxiliaryKnowledge, ReconstructionTarget } from '../../src/view/auxiliary.ts';
import {
  type ObservedUpdate,
  observeUpdate,
  trainingOf,
} from '../gradient-matching/observed-update.ts';
import { usualTokens } from '../token-recovery/usual-tokens.ts';
import { Bigrams } from './bigrams.ts';
import { candidateTokens, firstLogits } from './candidates.ts';
import { constantValues, type TextProblem } from './matching.ts';
import { TextPrograms } from './programs.ts';
import { type FoundTexts, searchTexts } from './search.ts';
import { textsFromSpans } from './texts-from-spans.ts';
import { unigramText } from './unigram-text.ts';

const params = z.strictObject({
  spans: z
    .boolean()
    .default(true)
    .describe('begin with the span test, where an attention projection tells enough'),
  iterations: z
    .int()
    .min(0)
    .default(150)
    .describe('steps of gradient matching on mixtures of tokens, at most'),
  proposals: z
    .int()
    .min(0)
    .default(96)
    .describe('reordered and changed texts tried before, between and after every 75 such steps'),
  restarts: z
    .int()
    .min(1)
    .default(1)
    .describe('random beginnings where there is no span test; the one of lowest cost is returned'),
  distance: z
    .enum(['cosine', 'l2-l1'])
    .default('cosine')
    .describe('cosine: mean over tensors of 1 − cos (LAMP). l2-l1: squared plus absolute (TAG)'),
  absolute: z.number().min(0).default(0.01).describe('l2-l1: weight of the absolute differences'),
  languageModel: z
    .number()
    .min(0)
    .default(0.01)
    .describe('weight of the language model’s loss per token among the texts tried'),
  learningRate: z
    .number()
    .positive()
    .default(0.1)
    .describe('Adam’s, on the logits of the mixtures'),
});
type Params = z.infer<typeof params>;

/**
 * Which texts did the probe client train on, in order? Where a whole attention projection can be read,
 * or so much of it that its low rank tells the rest, the span test names every token at its position.
 * What it leaves open, and everything where it can't be made, is searched for by gradient matching.
 */
export const sequenceRecovery = defineAttack({
  meta: {
    id: 'sequence-recovery',
    version: 2,
    title: 'Sequence recovery',
    source:
      'Span test: Petrov et al. 2024 (DAGER); completion of partly encrypted projections by alternating least squares (Jain et al. 2013) is ours. Search: Balunović et al. 2022 (LAMP), algorithm 1, with the distances of LAMP and TAG (Deng et al. 2021). Where LAMP moves free embeddings and is told labels, mixtures of token embeddings are moved here, which are the targets too; the language model is a bigram model of the attacker’s own texts.',
    params,
    kind: 'text',
    adversaries: readingAdversaries,
  },
  async run(_view, aux, context) {
    const { model, signal, progress } = context;
    if (!model.language)
      throw new NotApplicable(`Texts are looked for in language models; ${model.id} is none.`);
    if (aux.reconstruction.length === 0)
      throw new NotApplicable('The run has no probe clients, so there are no texts to find.');
    const programs = new TextPrograms(context.engine);
    const bigrams = new Bigrams(aux.shadow, model.classes);
    const targets: RecoveredTokens[] = [];
    try {
      for (const probe of aux.reconstruction) {
        signal.throwIfAborted();
        const share = (fraction: number) =>
          progress((targets.length + Math.min(1, fraction)) / aux.reconstruction.length);
        targets.push(await recover(probe, aux, { ...context, progress: share }, programs, bigrams));
        progress(targets.length / aux.reconstruction.length);
      }
    } finally {
      await programs.dispose();
    }
    return { kind: 'text', targets };
  },
});

async function recover(
  { client, round, samples }: ReconstructionTarget,
  { shadow }: AuxiliaryKnowledge,
  context: AttackContext<Params>,
  programs: TextPrograms,
  bigrams: Bigrams,
): Promise<RecoveredTokens> {
  const { model, expose } = context;
  const random = context.random.derive('sequence-recovery', client, round);
  const length = 1 + (model.inputShape[0] as number);
  const guess = usualTokens(shadow, model.classes);
  const guessedText = unigramText(bigrams, model.classes, length, random.derive('guess'));
  const about = { client, round, guess, guessedText };
  const exposure = expose({ client, round });
  const update = observeUpdate(exposure);
  const found = update && (await textsIn(update, exposure, context, programs, bigrams, random));
  if (!found) {
    const texts = Array.from({ length: samples }, () => guessedText);
    return { ...about, from: 'prior', tokens: guess, texts };
  }
  const tokens = Int32Array.from(new Set(found.flatMap((text) => [...text]))).sort();
  return { ...about, from: 'update', tokens, texts: found };
}

/** The client's texts, by the span test and the search; undefined where the update matches nothing. */
async function textsIn(
  update: ObservedUpdate,
  exposure: Exposure,
  context: AttackContext<Params>,
  programs: TextPrograms,
  bigrams: Bigrams,
  random: RandomStream,
): Promise<Int32Array[] | undefined> {
  const { model, params, signal } = context;
  const { distance, absolute, restarts } = params;
  const length = 1 + (model.inputShape[0] as number);
  const candidates = candidateTokens(exposure, model, bigrams, update.samples * length);
  const problem: TextProblem = {
    ...trainingOf(model, update),
    ...{ samples: update.samples, length, candidates: candidates.tokens.length },
    objective: { distance, absolute },
  };
  const tools = {
    ...{ problem, programs, bigrams, signal, candidates: candidates.tokens },
    constants: constantValues(problem, update, candidates.tokens),
  };
  const spanned = params.spans
    ? await textsFromSpans(update, context, random.derive('spans'))
    : undefined;
  // The span test leaves nothing to begin anew.
  const beginnings = spanned ? 1 : restarts;
  let best: FoundTexts | undefined;
  for (let restart = 0; restart < beginnings; restart++) {
    const stream = random.derive('search', restart);
    const found = await searchTexts(
      {
        ...{ ...tools, random: stream },
        progress: (fraction) => context.progress((restart + fraction) / beginnings),
      },
      firstLogits(problem, candidates, { spanned, bigrams, random: stream.derive('begin') }),
      params,
    );
    if (found.cost < (best?.cost ?? Number.POSITIVE_INFINITY)) best = found;
  }
  // An update that is no number (a diverged client) is matched by nothing.
  if (!best) return undefined;
  const words = best.tokens.map((candidate) => candidates.tokens[candidate] as number);
  return Array.from({ length: update.samples }, (_, sample) =>
    words.slice(sample * length, (sample + 1) * length),
  );
}
