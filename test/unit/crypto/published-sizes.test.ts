import { beforeAll, describe, expect, it } from 'vitest';
import { type PublishedSizes, publishedSizes, type SizeRow } from '../../../bench/crypto-sizes.ts';

let published: PublishedSizes;
beforeAll(async () => {
  published = await publishedSizes();
});
const rows = (paper: string): SizeRow[] =>
  published.sizes.filter(({ what }) => what.startsWith(paper));

it("reproduces MaskCrypt's Fig. 2 and 3 within 2 %", () => {
  const maskCrypt = rows('MaskCrypt');
  expect(maskCrypt.map(({ ratio }) => ratio)).toEqual([0, 0.2, 1]);
  for (const { difference } of maskCrypt) expect(Math.abs(difference)).toBeLessThan(0.02);
  const [paillier, ckks] = published.inflations.map(({ ours }) => ours);
  expect(paillier).toBe(192);
  expect(ckks).toBeCloseTo(20.1, 1);
});

describe("FedML-HE's Tables 4, 7 and 8", () => {
  it('are whole ciphertexts of one size plus float32 values, but for one contradiction', () => {
    for (const { note, countDifference = NaN } of rows('FedML-HE'))
      if (note) expect(countDifference).toBeGreaterThan(0.02);
      else expect(Math.abs(countDifference)).toBeLessThan(0.005);
    // 10 KiB more than the two polynomials of two primes: another library's serialisation.
    expect(published.fedMlHeCiphertextBytes - 2 * 2 * 8 * 8192).toBeCloseTo(10_240, -2);
  });

  it("are within 4 % of SEAL's sizes in binary units, within 3 % of the encrypted ones with MB = 10^6", () => {
    for (const row of rows('FedML-HE').filter(({ note }) => !note)) {
      expect(row.difference).toBeGreaterThan(-0.04);
      expect(row.difference).toBeLessThan(0);
      if (row.ratio > 0) expect(Math.abs(row.decimalDifference)).toBeLessThan(0.03);
    }
  });
});
