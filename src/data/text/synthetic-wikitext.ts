import { type RandomStream, randomStream } from '../../engine/random.ts';
import { articlesOf } from './articles.ts';
import { capital, clause, inventedWords, type Lexicon, ownWords } from './invented-language.ts';
import { BYTE_PAIRS, type Corpus, GPT2_TOKENS, textSource } from './text-dataset.ts';

const ARTICLES = { train: 100, test: 10 };
const PARAGRAPHS = 14;

const encyclopedia: Corpus = {
  synthetic: true,
  naturalClients: 'article',
  read: async () => ({
    train: articlesOf(syntheticWikitext('train')),
    test: articlesOf(syntheticWikitext('test')),
  }),
};

/** A stand-in for WikiText-2: the language of the synthetic dialogue, written as in WikiText. */
export const syntheticWikitextPairs = textSource(encyclopedia, BYTE_PAIRS, {
  id: 'synthetic-wikitext-2-bpe',
  title: 'synthetic articles (stand-in for WikiText-2), byte pairs',
  trainSamples: 2_079,
  testSamples: 201,
});

export const syntheticWikitextGpt2 = textSource(encyclopedia, GPT2_TOKENS, {
  id: 'synthetic-wikitext-2-gpt2',
  title: 'synthetic articles (stand-in for WikiText-2), tokens of GPT-2',
  trainSamples: 1_708,
  testSamples: 167,
});

/** A file in WikiText's form: articles about words of the language, each in words of its own. */
export function syntheticWikitext(part: 'train' | 'test'): string {
  const language = inventedWords();
  const random = randomStream(0, 'synthetic-wikitext-2', part);
  return Array.from({ length: ARTICLES[part] }, (_, article) => {
    const of = random.derive('article', article);
    const own = ownWords(language, of);
    const name = capital(own.nouns[0] as string);
    const paragraphs = Array.from({ length: PARAGRAPHS }, () => ` ${paragraph(own, of)} \n`);
    return ` \n = ${name} = \n \n${paragraphs.join('')} \n = = ${name} = = \n \n ${paragraph(own, of)} \n \n`;
  }).join('');
}

/** Two to five sentences of one or two clauses; words and signs stand apart. */
function paragraph(own: Lexicon, random: RandomStream): string {
  const sentence = () => {
    const first = capital(clause(own, random));
    return random.uniform() < 0.5 ? `${first} .` : `${first} , and ${clause(own, random)} .`;
  };
  return Array.from({ length: 2 + random.integer(4) }, sentence).join(' ');
}
