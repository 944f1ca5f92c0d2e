import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PartialVector } from '../../../src/view/partial-vector.ts';

const maskedVector = fc
  .array(fc.tuple(fc.float({ noNaN: true }), fc.constantFrom(0, 1)), { maxLength: 60 })
  .map((pairs) => ({
    full: Float32Array.from(pairs, ([value]) => value),
    mask: Uint8Array.from(pairs, ([, bit]) => bit),
  }));

describe('a partial vector', () => {
  test('knows exactly what is not encrypted, and takes the rest from a fallback', () => {
    fc.assert(
      fc.property(maskedVector, ({ full, mask }) => {
        const part = PartialVector.plaintextPart(full, mask);
        const fallback = new Float32Array(full.length).fill(7);
        const filled = part.fillFrom(fallback);
        expect(part.values.length).toBe(mask.filter((bit) => bit === 0).length);
        full.forEach((value, at) => {
          expect(part.known[at]).toBe(1 - (mask[at] as number));
          expect(filled[at]).toBe(mask[at] === 1 ? 7 : value);
        });
        expect(fallback).toEqual(new Float32Array(full.length).fill(7));
        expect(part.isComplete).toBe(!mask.includes(1));
      }),
    );
  });

  test('has the two extremes', () => {
    const full = Float32Array.of(1, 2);
    expect(PartialVector.complete(full).fillFrom(new Float32Array(2))).toEqual(full);
    expect(PartialVector.unknown(2).fillFrom(full)).toEqual(full);
    expect(PartialVector.unknown(2).values.length).toBe(0);
  });

  test('refuses values that do not fit', () => {
    expect(() => new PartialVector(Uint8Array.of(1, 0), new Float32Array(2))).toThrow(RangeError);
    expect(() => new PartialVector(Uint8Array.of(3, 0), new Float32Array(3))).toThrow(RangeError);
    expect(() => PartialVector.unknown(2).fillFrom(new Float32Array(3))).toThrow(RangeError);
    expect(() => PartialVector.plaintextPart(new Float32Array(3), new Uint8Array(2))).toThrow(
      RangeError,
    );
  });
});
