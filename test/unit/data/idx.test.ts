import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIdx } from '../../../src/data/idx.ts';

function encode(shape: readonly number[], bytes: ArrayLike<number>): Uint8Array {
  const file = new Uint8Array(4 + 4 * shape.length + bytes.length);
  const header = new DataView(file.buffer);
  header.setUint8(2, 0x08);
  header.setUint8(3, shape.length);
  for (const [axis, length] of shape.entries()) header.setUint32(4 + 4 * axis, length);
  file.set(bytes, 4 + 4 * shape.length);
  return file;
}

describe('decodeIdx', () => {
  it('gives back what was encoded, also from the middle of a buffer', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 7 }),
        (shape, padding) => {
          const count = shape.reduce((product, length) => product * length, 1);
          const bytes = Uint8Array.from({ length: count }, (_, at) => (7 * at) % 256);
          const file = encode(shape, bytes);
          const padded = new Uint8Array(padding + file.length);
          padded.set(file, padding);
          const decoded = decodeIdx(padded.subarray(padding), 'f');
          expect(decoded.shape).toEqual(shape);
          expect([...decoded.bytes]).toEqual([...bytes]);
        },
      ),
    );
  });

  it.each([
    ['cut short', encode([2, 3], [1, 2, 3, 4, 5]), /needs 6 bytes of data and it has 5/],
    ['too long', encode([2], [1, 2, 3]), /needs 2 bytes of data and it has 3/],
    ['no magic number', Uint8Array.of(1, 0, 8, 1, 0, 0, 0, 0), /first two bytes/],
    ['of floats', Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0), /type byte is 0xd/],
    ['of no dimension', Uint8Array.of(0, 0, 8, 0), /no dimensions/],
    ['all header', Uint8Array.of(0, 0, 8, 3, 0, 0), /header ends after 6 bytes/],
    ['empty', new Uint8Array(0), /too few for a header/],
  ])('rejects a file %s by name', (_, file, reason) => {
    expect(() => decodeIdx(file, 'train-images')).toThrow(/^train-images is no IDX file/);
    expect(() => decodeIdx(file, 'train-images')).toThrow(reason);
  });

  it('never reads past the end of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (file) => {
        try {
          const { shape, bytes } = decodeIdx(file, 'f');
          expect(bytes.length).toBe(shape.reduce((product, length) => product * length, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect(String(error)).toContain('f is no IDX file');
        }
      }),
    );
  });
});
