import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bitmapBytes,
  complement,
  coordinateSet,
  countCoordinates,
  gather,
  packBitmap,
  scatter,
  unpackBitmap,
} from '../../../src/view/coordinate-set.ts';

const bits = fc.array(fc.constantFrom(0, 1), { maxLength: 70 }).map((all) => Uint8Array.from(all));

describe('coordinate sets', () => {
  test('are counted, complemented and named by their coordinates', () => {
    fc.assert(
      fc.property(bits, (set) => {
        const members = Uint32Array.from([...set.keys()].filter((at) => set[at] === 1));
        expect(countCoordinates(set)).toBe(members.length);
        expect(countCoordinates(complement(set))).toBe(set.length - members.length);
        expect(coordinateSet(set.length, members)).toEqual(set);
      }),
    );
  });

  test('gather what scatter puts back', () => {
    fc.assert(
      fc.property(bits, (set) => {
        const full = Float32Array.from(set, (_, at) => at + 1);
        const copy = new Float32Array(set.length);
        scatter(gather(full, set), set, copy);
        scatter(gather(full, complement(set)), complement(set), copy);
        expect(copy).toEqual(full);
      }),
    );
  });

  test('survive a bitmap of one bit per coordinate', () => {
    fc.assert(
      fc.property(bits, (set) => {
        const bitmap = packBitmap(set);
        expect(bitmap.length).toBe(bitmapBytes(set.length));
        expect(unpackBitmap(bitmap, set.length)).toEqual(set);
      }),
    );
    expect(packBitmap(Uint8Array.of(1, 0, 1, 0, 0, 0, 0, 0, 0, 1))).toEqual(Uint8Array.of(5, 2));
  });

  test('refuse what is no set', () => {
    expect(() => countCoordinates(Uint8Array.of(1, 2))).toThrow('byte 1 of a coordinate set is 2');
    expect(() => coordinateSet(3, Uint32Array.of(3))).toThrow('coordinate 3 of a vector of 3');
    expect(() => unpackBitmap(Uint8Array.of(1, 1), 3)).toThrow('2 bytes for 3 coordinates');
    expect(() => unpackBitmap(Uint8Array.of(8), 3)).toThrow('bits beyond its end');
  });
});
