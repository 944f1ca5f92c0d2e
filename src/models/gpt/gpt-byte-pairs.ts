import { gpt } from './gpt.ts';

/** GPT-2 over its own first 2,048 tokens, with sequences of 64; 1,740,480 parameters. */
export const gptBytePairs = gpt({
  ...{ blocks: 3, heads: 6, width: 192, context: 64, vocabulary: 2048 },
  id: 'gpt-bpe',
  title: 'GPT-2, 3 blocks of width 192, byte pairs',
  head: 'tied',
});
