import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBandwidth, parseBandwidth } from '../../../src/spec/bandwidth.ts';

describe('bandwidth', () => {
  it.each([
    ['100 Mbit/s', 1e8],
    ['15.6 MB/s', 124_800_000],
    ['592 MB/s', 4.736e9],
    ['5GB/s', 4e10],
    [' 1 bit/s ', 1],
  ])('%s', (text, bits) => expect(parseBandwidth(text)).toBe(bits));

  it.each(['100', 'fast', '-1 Mbit/s', '0 MB/s', '1e400 MB/s', '100 mbit/s', '100 Mbit', ''])(
    '%j is none',
    (text) => expect(parseBandwidth(text)).toBeUndefined(),
  );

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e30, noNaN: true }), (bits) => {
        expect(parseBandwidth(formatBandwidth(bits))).toBe(bits);
      }),
    );
  });
});
