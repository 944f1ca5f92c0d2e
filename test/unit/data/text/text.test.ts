import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { articlesOf } from '../../../../src/data/text/articles.ts';
import { sequencesOf } from '../../../../src/data/text/sequences.ts';
import { speakersOf } from '../../../../src/data/text/speeches.ts';
import {
  syntheticShakespeare,
  syntheticSpeakers,
} from '../../../../src/data/text/synthetic-shakespeare.ts';
import { syntheticWikitext } from '../../../../src/data/text/synthetic-wikitext.ts';
import {
  BYTE_PAIRS,
  CHARACTERS,
  GPT2_TOKENS,
  type Tokenization,
} from '../../../../src/data/text/text-dataset.ts';
import {
  tinyShakespeare,
  tinyShakespeareGpt2,
  tinyShakespeareIn,
  tinyShakespearePairs,
} from '../../../../src/data/text/tiny-shakespeare.ts';
import { wikitext2In } from '../../../../src/data/text/wikitext-2.ts';
import { characterTokenizer } from '../../../../src/text/characters.ts';

const play = 'ANNA:\nHear me: now.\n\nBen:\nNo.\n\nStill no.\n\nANNA:\nOh.';

test('speeches are gathered by speaker; a paragraph without a name goes on', () => {
  expect(speakersOf(play)).toEqual([
    { name: 'ANNA', text: 'ANNA:\nHear me: now.\n\nANNA:\nOh.\n\n' },
    { name: 'Ben', text: 'Ben:\nNo.\n\nStill no.\n\n' },
  ]);
  expect(() => speakersOf('nobody says this')).toThrow(/begins without a speaker: "nobody says/);
});

test('sequences are disjoint, stay with their speaker, and leave the rest out', () => {
  const tokenizer = characterTokenizer('abcdefgh');
  const speakers = [
    { name: 'A', text: 'abcdefgh' },
    { name: 'B', text: 'ab' },
    { name: 'C', text: 'hgf' },
  ];
  expect(sequencesOf(speakers, tokenizer, 2)).toEqual({
    count: 3,
    inputShape: [2],
    inputs: Float32Array.of(0, 1, 3, 4, 7, 6),
    labels: Int32Array.of(2, 5, 5),
    clientKeys: Uint32Array.of(0, 0, 2),
  });
});

describe('the stand-in', () => {
  test('has its listed sizes, 40 speakers, and is the same every time', async () => {
    const { train, test: held } = await syntheticShakespeare.load({});
    expect([train.count, held.count]).toEqual([4000, 400]);
    expect(new Set(train.clientKeys).size).toBe(40);
    expect(syntheticSpeakers('train')).toEqual(syntheticSpeakers('train'));
    const limited = await syntheticShakespeare.load({ limit: 10, testLimit: 5 });
    expect([limited.train.count, limited.train.clientKeys?.length, limited.test.count]).toEqual([
      10, 10, 5,
    ]);
  });

  test("speakers differ in what they say, and a word's letters tell the next one", async () => {
    const [one, two] = syntheticSpeakers('train');
    const words = (text = '') => new Set(text.toLowerCase().match(/[a-z]+/g));
    const shared = [...words(one?.text)].filter((word) => words(two?.text).has(word));
    expect(shared.length).toBeLessThan(words(one?.text).size / 2);

    // Entropy per character, by itself and given the one before: a language, not noise.
    const { train } = await syntheticShakespeare.load({});
    const pairs = new Map<string, number>();
    const singles = new Map<number, number>();
    let n = 0;
    for (let at = 0; at < train.inputs.length; at++) {
      if (at % 64 === 0) continue;
      const [before, now] = [train.inputs[at - 1] as number, train.inputs[at] as number];
      pairs.set(`${before} ${now}`, (pairs.get(`${before} ${now}`) ?? 0) + 1);
      singles.set(before, (singles.get(before) ?? 0) + 1);
      n++;
    }
    const entropy = (counts: Iterable<number>) =>
      [...counts].reduce((sum, count) => sum - (count / n) * Math.log(count / n), 0);
    const conditional = entropy(pairs.values()) - entropy(singles.values());
    expect(conditional).toBeLessThan(0.75 * entropy(singles.values()));
  });
});

const shared = resolve(import.meta.dirname, '../../../../../shared/data');
const isPresent = (name: string) => existsSync(join(shared, 'text', name));

async function sequenceCounts(
  texts: Awaited<ReturnType<ReturnType<typeof tinyShakespeareIn>['read']>>,
  tokenization: Tokenization,
) {
  const tokenizer = await tokenization.open();
  const count = (part: 'train' | 'test') => sequencesOf(texts[part], tokenizer, 64).count;
  return { trainSamples: count('train'), testSamples: count('test') };
}

/** Runs work in a data folder of its own. */
async function inFolder(work: (folder: string) => Promise<void>) {
  const own = await mkdtemp(join(tmpdir(), 'hefl-text-'));
  await mkdir(join(own, 'text'));
  try {
    await work(own);
  } finally {
    await rm(own, { recursive: true });
  }
}

describe('Tiny-Shakespeare', () => {
  test.skipIf(!isPresent('tinyshakespeare.txt'))(
    'has its listed sizes and begins as it does, in every kind of token',
    async () => {
      const texts = await tinyShakespeareIn(() => shared).read();
      expect(tinyShakespeare).toMatchObject(await sequenceCounts(texts, CHARACTERS));
      expect(tinyShakespearePairs).toMatchObject(await sequenceCounts(texts, BYTE_PAIRS));
      expect(tinyShakespeareGpt2).toMatchObject(await sequenceCounts(texts, GPT2_TOKENS));
      const tokenizer = await CHARACTERS.open();
      const { inputs, labels, clientKeys } = sequencesOf(texts.train, tokenizer, 64);
      expect(tokenizer.decode(inputs.slice(0, 64))).toBe(
        'First Citizen:\nBefore we proceed any further, hear me speak.\n\nFi',
      );
      expect(tokenizer.decode(labels.slice(0, 1))).toBe('r');
      expect(new Set(clientKeys).size).toBe(249);
    },
  );

  test('a missing or changed file is named, with what to do', () =>
    inFolder(async (own) => {
      const { read } = tinyShakespeareIn(() => own);
      await expect(read()).rejects.toThrow(
        /tinyshakespeare\.txt is not there yet\. "hefl data get tiny-shakespeare" downloads it/,
      );
      await writeFile(join(own, 'text', 'tinyshakespeare.txt'), play);
      await expect(read()).rejects.toThrow(
        /tinyshakespeare\.txt is not the published file.*Delete it/s,
      );
    }));
});

const wikitext = ` 
 = Robert <unk> = 
 
 Robert <unk> is an actor . 
 = a row of a table = 
 
 = = Career = = 
 
 He acts . 
 
 
 = <unk> ( album ) = 
 
 It is an album . 
 
 = = = Songs = = = 
 
 Two . 
`;

const texts = (part: string) =>
  articlesOf(gunzipSync(readFileSync(join(shared, 'text', `wikitext2.${part}.txt.gz`))).toString());

describe('WikiText-2', () => {
  test('articles begin with a heading of the first level after a blank line, and keep all of their text', () => {
    const articles = articlesOf(wikitext);
    expect(articles.map(({ name }) => name)).toEqual(['Robert <unk>', '<unk> ( album )']);
    expect(articles.map(({ text }) => text).join('')).toBe(wikitext);
    expect(articles[0]?.text).toContain('= a row of a table =');
    expect(articlesOf(wikitext.replaceAll('( album )', '<unk>'))).toHaveLength(2);
    for (const text of ['', 'no heading', `before ${wikitext}`])
      expect(() => articlesOf(text)).toThrow(/begins without the heading of an article/);
  });

  test.skipIf(!isPresent('wikitext2.test.txt.gz'))('has 600 and 60 articles', async () => {
    expect(texts('train.shuffled-articles')).toHaveLength(600);
    expect(texts('test')).toHaveLength(60);
  });

  test.skipIf(!isPresent('wikitext2.test.txt.gz'))(
    'is read from its published files, and nothing else',
    () =>
      inFolder(async (own) => {
        const { read } = wikitext2In(() => own);
        await expect(read()).rejects.toThrow(/wiki\.train\.tokens is not there yet/);
        // The published test file passes its check; a training set that isn't the published one doesn't.
        const held = gunzipSync(readFileSync(join(shared, 'text', 'wikitext2.test.txt.gz')));
        await writeFile(join(own, 'text', 'wiki.test.tokens'), held);
        await writeFile(join(own, 'text', 'wiki.train.tokens'), wikitext);
        await expect(read()).rejects.toThrow(/wiki\.train\.tokens is not the published file/);
      }),
  );

  test('a missing file is named, with where to put it', () =>
    inFolder(async (own) => {
      await expect(wikitext2In(() => own).read()).rejects.toThrow(
        /wiki\.train\.tokens is not there yet\. "hefl data get wikitext-2-bpe" downloads it from https:.*put that file into .*text under this name/,
      );
    }));

  test('its stand-in has articles of one language and is the same every time', () => {
    const articles = articlesOf(syntheticWikitext('train'));
    expect(articles).toHaveLength(100);
    expect(syntheticWikitext('train')).toBe(syntheticWikitext('train'));
    const words = (text: string) => new Set(text.toLowerCase().match(/[a-z]+/g));
    const spoken = words(
      syntheticSpeakers('train')
        .map(({ text }) => text)
        .join(' '),
    );
    const written = [...words(articles.map(({ text }) => text).join(' '))];
    expect(written.filter((word) => spoken.has(word)).length).toBeGreaterThan(0.9 * written.length);
  });
});
