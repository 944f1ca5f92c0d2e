import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sequencesOf } from '../../../../src/data/text/sequences.ts';
import { speakersOf } from '../../../../src/data/text/speeches.ts';
import {
  syntheticShakespeare,
  syntheticSpeakers,
} from '../../../../src/data/text/synthetic-shakespeare.ts';
import { characters } from '../../../../src/data/text/text-dataset.ts';
import {
  loadTinyShakespeare,
  tinyShakespeare,
} from '../../../../src/data/text/tiny-shakespeare.ts';
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

describe('Tiny-Shakespeare', () => {
  const folder = resolve(import.meta.dirname, '../../../../../shared/data');
  const present = existsSync(join(folder, 'text', 'tinyshakespeare.txt'));

  test.skipIf(!present)('has its listed sizes and begins as it does', async () => {
    const { train, test: held } = await loadTinyShakespeare({}, folder);
    expect([train.count, held.count]).toEqual([
      tinyShakespeare.trainSamples,
      tinyShakespeare.testSamples,
    ]);
    expect(characters.decode(train.inputs.slice(0, 64))).toBe(
      'First Citizen:\nBefore we proceed any further, hear me speak.\n\nFi',
    );
    expect(characters.decode(train.labels.slice(0, 1))).toBe('r');
    expect(new Set(train.clientKeys).size).toBe(249);
  });

  test('a missing or changed file is named, with what to do', async () => {
    const own = await mkdtemp(join(tmpdir(), 'hefl-text-'));
    try {
      await expect(loadTinyShakespeare({}, own)).rejects.toThrow(
        /hefl data get tiny-shakespeare.*tinyshakespeare\.txt/s,
      );
      await mkdir(join(own, 'text'));
      await writeFile(join(own, 'text', 'tinyshakespeare.txt'), play);
      await expect(loadTinyShakespeare({}, own)).rejects.toThrow(
        /tinyshakespeare\.txt is not the published file.*Delete it/s,
      );
    } finally {
      await rm(own, { recursive: true });
    }
  });
});
