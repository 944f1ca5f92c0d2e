import { expect, it } from 'vitest';
import { publishedSizes } from '../../../bench/crypto-sizes.ts';

it("reproduces MaskCrypt's Fig. 2 and 3 within 2 %", async () => {
  const compared = (await publishedSizes()).filter(({ published }) => published !== undefined);
  expect(compared.map(({ ratio }) => ratio)).toEqual([1, 0.2]);
  for (const { mebibytes, published = NaN } of compared) {
    expect(mebibytes / published).toBeGreaterThan(0.98);
    expect(mebibytes / published).toBeLessThan(1.02);
  }
});
