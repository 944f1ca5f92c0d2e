import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RandomStream, randomStream } from '../../../src/engine/random.ts';

const draw = (count: number, next: () => number) => Array.from({ length: count }, next);
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

test('the same seed and labels give the same numbers, whatever was drawn elsewhere', () => {
  const once = randomStream(7, 'train', 3);
  const again = randomStream(7, 'train', 3);
  randomStream(7, 'other').uniform();
  expect(draw(50, once.uniform)).toEqual(draw(50, again.uniform));
});

test('derived streams depend on labels only, not on what the parent has drawn', () => {
  const fresh = randomStream(7, 'a').derive('b', 2);
  const parent = randomStream(7, 'a');
  draw(10, parent.normal);
  expect(draw(5, parent.derive('b', 2).uniform)).toEqual(draw(5, fresh.uniform));
  expect(draw(5, randomStream(7, 'a', 'b', 2).uniform)).toEqual(
    draw(5, randomStream(7, 'a').derive('b', 2).uniform),
  );
});

test('streams of other labels, joins of labels or types of labels are uncorrelated', () => {
  const labels = [['ab'], ['a', 'b'], ['a', 1], ['a', '1'], ['a', 11], ['a', 1, 1], ['b', 'a']];
  const streams = labels.map((label) => draw(4000, randomStream(1, ...label).normal));
  for (const [at, one] of streams.entries())
    for (const other of streams.slice(at + 1)) {
      const correlation = mean(one.map((value, index) => value * (other[index] as number)));
      expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(4000));
    }
});

test('uniform numbers: in [0, 1), moments, and even over 64 bins', () => {
  const values = draw(64_000, randomStream('uniform').uniform);
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(mean(values)).toBeCloseTo(1 / 2, 2);
  expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1 / 3, 2);
  expect(chiSquare(values, (value) => Math.floor(value * 64), 64)).toBeLessThan(130);
});

test('uniform numbers use all 53 bits', () => {
  const bits = draw(2000, randomStream('bits').uniform).map((value) => value * 2 ** 53);
  expect(bits.every(Number.isInteger)).toBe(true);
  for (let bit = 0; bit < 21; bit++) {
    const set = bits.filter((value) => Math.floor(value / 2 ** bit) % 2 === 1).length;
    expect(Math.abs(set - 1000)).toBeLessThan(120);
  }
});

test('normal numbers: four moments and the share within one standard deviation', () => {
  const values = draw(100_000, randomStream('normal').normal);
  const moment = (power: number) => mean(values.map((value) => value ** power));
  expect(Math.abs(moment(1))).toBeLessThan(0.02);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
  expect(Math.abs(moment(3))).toBeLessThan(0.06);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
  expect(mean(values.map((value) => Number(Math.abs(value) < 1)))).toBeCloseTo(0.6827, 2);
});

test('integers are even, also for a bound that a modulo would favour', () => {
  const random = randomStream('integers');
  expect(
    chiSquare(
      draw(21_000, () => random.integer(7)),
      (value) => value,
      7,
    ),
  ).toBeLessThan(30);
  // 2^32 mod this bound is a third of 2^32: with a modulo the lower half comes twice as often.
  const bound = Math.ceil((2 ** 32 * 2) / 3);
  const low = draw(20_000, () => random.integer(bound)).filter((value) => value < bound / 2);
  expect(Math.abs(low.length - 10_000)).toBeLessThan(400);
});

test('a shuffle keeps the items and reaches every order alike', () => {
  const random = randomStream('shuffle');
  const orders = draw(12_000, () => Number(random.shuffle([1, 2, 3]).join('')));
  const places = [123, 132, 213, 231, 312, 321];
  expect(chiSquare(orders, (order) => places.indexOf(order), 6)).toBeLessThan(25);
});

test('permutations and samples hold distinct indices', () => {
  const lengths = fc.integer({ min: 0, max: 60 });
  fc.assert(
    fc.property(fc.integer(), lengths, lengths, (seed, length, count) => {
      const random = randomStream(seed);
      const permutation = random.permutation(length);
      expect([...permutation].sort((a, b) => a - b)).toEqual([...Array(length).keys()]);
      if (count > length) expect(() => random.sample(length, count)).toThrow(RangeError);
      else {
        const sample = random.sample(length, count);
        expect(new Set(sample).size).toBe(count);
        expect(sample.every((index) => index < length)).toBe(true);
      }
    }),
  );
});

test('bounds outside 1 … 2^32 are refused; the largest works', () => {
  const random: RandomStream = randomStream(1);
  for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1])
    expect(() => random.integer(bound)).toThrow(RangeError);
  expect(random.integer(1)).toBe(0);
  expect(Math.max(...draw(100, () => random.integer(2 ** 32)))).toBeGreaterThan(2 ** 31);
});

/** Pearson's statistic of the values against an even spread over the bins. */
function chiSquare(values: readonly number[], bin: (value: number) => number, bins: number) {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[bin(value)] = (counts[bin(value)] as number) + 1;
  const expected = values.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
