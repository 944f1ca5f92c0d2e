import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArtifactError,
  type ArtifactTree,
  decodeArtifact,
  encodeArtifact,
} from '../../../src/store/artifact.ts';

const key = fc.string().filter((text) => !text.startsWith('$') && text !== '__proto__');
const { tree } = fc.letrec<{ tree: ArtifactTree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.string(),
    fc.float32Array(),
    fc.float64Array(),
    fc.uint8Array(),
    fc.int32Array(),
    fc.uint32Array(),
    fc.array(tie('tree')),
    fc.dictionary(key, tie('tree'), { noNullPrototype: true }),
  ),
}));

test('any tree with typed arrays survives the round trip, bit by bit', () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(decodeArtifact(encodeArtifact(value), 'x.bin')).toEqual(value);
    }),
  );
});

test('infinite and undefined numbers keep their value', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
  expect(decodeArtifact(encodeArtifact(values), 'x.bin')).toEqual(values);
});

test('the bytes on disk are little-endian whatever the host', () => {
  const bytes = encodeArtifact(Uint16Array.of(0x0102));
  const at = bytes.length - 32 - 8;
  expect([...bytes.subarray(at, at + 2)]).toEqual([0x02, 0x01]);
});

test('what is neither JSON nor a typed array is refused with its place', () => {
  const value = { a: [{ b: new Map() }] } as unknown as ArtifactTree;
  expect(() => encodeArtifact(value)).toThrow('.a[0].b is neither JSON nor a typed array');
  expect(() => encodeArtifact({ $array: 0 })).toThrow('reserved');
});

describe('damaged files', () => {
  const good = encodeArtifact({ weights: Float32Array.of(1, 2, 3), note: 'ok' });
  const rejected = (bytes: Uint8Array, field: string) => {
    try {
      decodeArtifact(bytes, 'cells/ab/view.bin');
    } catch (error) {
      expect(error).toBeInstanceOf(ArtifactError);
      expect(error).toMatchObject({ file: 'cells/ab/view.bin', field });
      return;
    }
    throw new Error('accepted');
  };

  test('every truncation is refused', () => {
    for (let length = 0; length < good.length; length++)
      expect(() => decodeArtifact(good.subarray(0, length), 'f')).toThrow(ArtifactError);
  });

  test('every flipped bit is refused', () => {
    for (let at = 0; at < good.length; at++) {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] as number) ^ 0x10;
      expect(() => decodeArtifact(bad, 'f')).toThrow(ArtifactError);
    }
  });

  test('the error names file and field', () => {
    rejected(Buffer.alloc(100), 'magic');
    rejected(good.subarray(0, 20), 'length');
    rejected(good.subarray(0, good.length - 1), 'sha256');
    const newer = Buffer.from(good);
    newer.writeUInt32LE(2, 8);
    rejected(newer, 'version');
  });
});
