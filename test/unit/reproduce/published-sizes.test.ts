import { beforeAll, describe, expect, it } from 'vitest';
import { sizeTables } from '../../../bench/crypto-tables.ts';
import {
  fedMlHeCiphertextBytes,
  type PublishedSizes,
  publishedSizes,
  type SizeRow,
} from '../../../src/reproduce/published-sizes.ts';

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
  });

  it('are binary units, by the bytes that the authors plotted', () => {
    const plotted = rows('FedML-HE').filter(({ plottedBytes }) => plottedBytes !== undefined);
    expect(plotted).toHaveLength(7);
    for (const { plottedBytes = NaN, published, publishedBytes, ratio, ciphertexts } of plotted) {
      // Printed with two decimals.
      const unit = published.endsWith('GB') ? 2 ** 30 : 2 ** 20;
      expect(Math.abs(plottedBytes - publishedBytes)).toBeLessThanOrEqual(0.005 * unit);
      if (ratio === 0) continue;
      // Whole ciphertexts; both ResNets have one more than their parameters need.
      const theirs = plottedBytes / fedMlHeCiphertextBytes;
      expect(Number.isInteger(theirs)).toBe(true);
      expect([0, 1]).toContain(theirs - ciphertexts);
    }
  });

  it("are within 3 % of SEAL's sizes in one of two units, MB = 10^6 or 2^20 bytes, GB = 1024 MB", () => {
    const tables = rows('FedML-HE').filter(({ what }) => /Table [47]/.test(what));
    expect(tables).toHaveLength(14);
    for (const { difference, decimalDifference } of tables)
      expect(Math.min(Math.abs(difference), Math.abs(decimalDifference))).toBeLessThan(0.03);
  });

  it('are up to 3.7 % above the sizes of SEAL, whose ciphertext is that much smaller', () => {
    for (const { difference } of rows('FedML-HE').filter(({ note }) => !note)) {
      expect(difference).toBeLessThan(0);
      expect(difference).toBeGreaterThan(262_257 / fedMlHeCiphertextBytes - 1.001);
    }
  });

  it('stand in the table with both units, per row', () => {
    const table = sizeTables(published);
    for (const { what, published: printed } of rows('FedML-HE'))
      expect(table).toMatch(
        new RegExp(`^${escaped(what)} .* ${escaped(printed)} .*[+−]\\S+ % .*[+−]\\S+ %`, 'm'),
      );
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
