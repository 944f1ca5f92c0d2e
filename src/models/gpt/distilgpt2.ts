import { gpt } from './gpt.ts';

const distil = { blocks: 6, heads: 12, width: 768, context: 1024, vocabulary: 50_257 } as const;
/** Tokens of the sequences that it is trained on here; it could look back on 1024. */
const inputShape = [64];

/** MaskCrypt's language model. 81,912,576 parameters. */
export const distilGpt2 = {
  ...gpt({ ...distil, id: 'distilgpt2', title: 'DistilGPT2', head: 'tied' }),
  inputShape,
};

/** Its vector in code that exchanges the state dictionary: the embeddings twice. 120,509,952 values. */
export const distilGpt2Duplicated = {
  ...gpt({
    ...distil,
    id: 'distilgpt2-duplicated',
    title: 'DistilGPT2 with its embeddings twice in the exchanged vector',
    head: 'duplicated',
  }),
  inputShape,
};
