import { z } from 'zod';
import { defineAttack, NotApplicable } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { answerEachVictim } from '../query/each-victim.ts';
import { SequenceLosses } from './sequence-losses.ts';

/**
 * How well does the exposed language model predict the victim's own sequences? Its perplexity on them
 * is MaskCrypt's privacy measure for language models; beside it stands the perplexity on sequences
 * nobody trained on, since a broken model is bad at both. Members have the smaller loss: the score is
 * the mean log-likelihood per token. What the initial model makes of the same sequences is the reference.
 */
export const perplexity = defineAttack({
  meta: {
    id: 'perplexity',
    version: 2,
    title: 'Perplexity probe',
    source:
      'MaskCrypt (TDSC 2024) §6.3, Table 3; membership by the loss of a sequence: Yeom et al. 2018, Carlini et al. 2021 (USENIX Security) §4.',
    params: z.strictObject({}),
    kind: 'membership',
    adversaries: readingAdversaries,
  },
  async run({ initialModel }, aux, context) {
    const { model, engine, signal } = context;
    if (!model.language)
      throw new NotApplicable(`Perplexity is asked of language models; ${model.id} is none.`);
    const query = await SequenceLosses.open(model, model.language, engine);
    try {
      return await answerEachVictim(aux, context, async ({ client, round, candidates }) => {
        const exposed = context.expose({ client, round }).model;
        const ask = async (parameters: Float32Array) =>
          (await query.ask(parameters, candidates, signal)).map((loss) => -loss);
        const logLikelihoods = await ask(exposed);
        const initialLogLikelihoods = await ask(initialModel);
        return { scores: logLikelihoods, logLikelihoods, initialLogLikelihoods };
      });
    } finally {
      query.close();
    }
  },
});
