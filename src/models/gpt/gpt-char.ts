import { gpt } from './gpt.ts';

/** Characters of Tiny-Shakespeare; sequences of 64. */
const character = { blocks: 3, heads: 6, width: 192, context: 64, vocabulary: 65 } as const;

/** A GPT-2 small enough to train on two cores. 1,359,744 parameters. */
export const gptChar = gpt({
  ...character,
  id: 'gpt-char',
  title: 'GPT-2, 3 blocks of width 192, characters',
  head: 'tied',
});

/** Small enough to train within seconds. 108,352 parameters. */
export const gptCharSmall = gpt({
  ...{ ...character, blocks: 2, heads: 4, width: 64 },
  id: 'gpt-char-small',
  title: 'GPT-2, 2 blocks of width 64, characters',
  head: 'tied',
});

/** With an output layer of its own. 1,372,224 parameters. */
export const gptCharUntied = gpt({
  ...character,
  id: 'gpt-char-untied',
  title: 'GPT-2, 3 blocks of width 192, characters, untied head',
  head: 'untied',
});

/** With its embeddings twice in the exchanged vector, as published code has it. 1,372,224 values. */
export const gptCharDuplicated = gpt({
  ...character,
  id: 'gpt-char-duplicated',
  title: 'GPT-2, 3 blocks of width 192, characters, embeddings exchanged twice',
  head: 'duplicated',
});
