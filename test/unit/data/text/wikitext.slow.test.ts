import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { articlesOf } from '../../../../src/data/text/articles.ts';
import { sequencesOf } from '../../../../src/data/text/sequences.ts';
import { BYTE_PAIRS, GPT2_TOKENS } from '../../../../src/data/text/text-dataset.ts';
import { wikitext2Gpt2, wikitext2Pairs } from '../../../../src/data/text/wikitext-2.ts';

const folder = resolve(import.meta.dirname, '../../../../../shared/data/text');

// The training set has its articles in another order there, which changes no count.
test.skipIf(!existsSync(folder)).each([
  [wikitext2Pairs, BYTE_PAIRS],
  [wikitext2Gpt2, GPT2_TOKENS],
] as const)('$id has its listed sizes', async ({ trainSamples, testSamples }, tokenization) => {
  const tokenizer = await tokenization.open();
  const count = (name: string) => {
    const text = gunzipSync(readFileSync(resolve(folder, `wikitext2.${name}.txt.gz`))).toString();
    return sequencesOf(articlesOf(text), tokenizer, 64).count;
  };
  expect(count('train.shuffled-articles')).toBe(trainSamples);
  expect(count('test')).toBe(testSamples);
});
