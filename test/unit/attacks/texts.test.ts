import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bigrams } from '../../../attacks/sequence-recovery/bigrams.ts';
import { columnSpace } from '../../../attacks/sequence-recovery/column-space.ts';
import { randomReordering } from '../../../attacks/sequence-recovery/reorderings.ts';
import { unigramText } from '../../../attacks/sequence-recovery/unigram-text.ts';
import { randomStream } from '../../../src/engine/random.ts';

const { signal } = new AbortController();

/** A random matrix of a rank, and the vectors that span its columns, [rank, rows]. */
function lowRank(rows: number, columns: number, rank: number) {
  const random = randomStream(7);
  const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
  const [left, right] = [draw(rank * rows), draw(rank * columns)];
  const values = Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += (left[k * rows + row] as number) * (right[k * columns + column] as number);
    return sum;
  });
  return { rows, columns, values, spanning: left };
}

test.each([
  ['all is known', 1, 30],
  ['a fifth is hidden', 0.8, 30],
  ['a row is hidden', 1, 29],
])('the column space of a matrix of rank 5, when %s', async (_, share, rows) => {
  const random = randomStream(8);
  const matrix = lowRank(30, 60, 5);
  const known = Uint8Array.from(matrix.values, (_, at) =>
    at < (30 - rows) * 60 || random.uniform() >= share ? 0 : 1,
  );
  // Noise where it isn't known must not matter.
  const values = matrix.values.map((value, at) => (known[at] === 1 ? value : 100));
  const space = await columnSpace({ ...matrix, values, known }, 5, random, 100, signal);
  expect(space?.rows).toHaveLength(rows);
  if (!space) return;
  for (let k = 0; k < 5; k++) {
    const vector = Float64Array.from(space.rows, (row) => matrix.spanning[k * 30 + row] as number);
    const rest = vector.slice();
    for (let column = 0; column < 5; column++) {
      const product = vector.reduce(
        (sum, value, row) => sum + value * (space.basis[row * 5 + column] as number),
        0,
      );
      rest.forEach((value, row) => {
        rest[row] = value - product * (space.basis[row * 5 + column] as number);
      });
    }
    // Settling sweeps leave more than float32's rounding.
    expect(Math.hypot(...rest) / Math.hypot(...vector)).toBeLessThan(1e-3);
  }
});

test('too little of a matrix tells no space', async () => {
  const matrix = lowRank(30, 60, 5);
  const known = Uint8Array.from(matrix.values, (_, at) => (at % 60 < 6 ? 1 : 0));
  expect(await columnSpace({ ...matrix, known }, 5, randomStream(1), 100, signal)).toBeUndefined();
});

test('the language model counts pairs', () => {
  // The texts 0 1 0 and 0 0 2 of four tokens.
  const own = { count: 2, inputShape: [2], inputs: Float32Array.of(0, 1, 0, 0) };
  const bigrams = new Bigrams({ ...own, labels: Int32Array.of(0, 2) }, 4);
  // Counts 4, 1, 1, 0, and one more of each.
  expect([0, 1, 2, 3].map((token) => bigrams.share(token))).toEqual([0.5, 0.2, 0.2, 0.1]);
  // After 0 (four times): 1 once, 0 once, 2 once; the share counts for two.
  expect(bigrams.surprise(0, 1)).toBeCloseTo(-Math.log((1 + 0.4) / 6), 12);
  expect(bigrams.surprise(0, 3)).toBeCloseTo(-Math.log(0.2 / 6), 12);
  expect(bigrams.loss([0, 1, 0])).toBeCloseTo(
    (bigrams.surprise(0, 1) + bigrams.surprise(1, 0)) / 2,
    12,
  );
  // Of ten tokens 5, 2, 2 and 1; of eight 4, 1.6, 1.6 and .8.
  const sorted = (length: number) => [...unigramText(bigrams, 4, length, randomStream(1))].sort();
  expect(sorted(10)).toEqual([0, 0, 0, 0, 0, 1, 1, 2, 2, 3]);
  expect(sorted(8)).toEqual([0, 0, 0, 0, 1, 1, 2, 3].toSorted());
});

test('a reordering holds every place once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (length, seed) => {
      const order = randomReordering(length, randomStream(seed));
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, at) => at));
    }),
  );
});
