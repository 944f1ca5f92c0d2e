import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors, floatsOf } from '../../../src/models/safetensors.ts';
import { type Written, writeSafetensors } from './write-safetensors.ts';

const f32 = (shape: readonly number[], values: readonly number[]): Written => ({
  ...{ dtype: 'F32', shape },
  bytes: Buffer.from(Float32Array.from(values).buffer),
});
const good = { a: f32([2, 1], [1, -2.5]), b: f32([], [7]), none: f32([0, 4], []) };

test('tensors come back with type, shape and values, wherever the file lies in memory', () => {
  const shifted = Buffer.concat([Buffer.from([1, 2, 3]), writeSafetensors(good)]).subarray(3);
  const tensors = decodeSafetensors(shifted, 'f');
  expect([...tensors.keys()]).toEqual(['a', 'b', 'none']);
  expect(tensors.get('a')).toMatchObject({ dtype: 'F32', shape: [2, 1] });
  expect([...floatsOf(tensors.get('a') as never)]).toEqual([1, -2.5]);
  expect([...floatsOf(tensors.get('b') as never)]).toEqual([7]);
  expect(floatsOf(tensors.get('none') as never)).toHaveLength(0);
});

test('a header may have metadata and end in spaces', () => {
  const file = writeSafetensors(good, { __metadata__: { format: 'pt' } }, 5);
  expect(decodeSafetensors(file, 'f').size).toBe(3);
});

test('the bits of half, brain and double floats are read as the standards say', () => {
  const bits = (dtype: string, words: readonly number[]) => ({
    ...{ dtype, shape: [words.length], bytes: Buffer.from(Uint16Array.from(words).buffer) },
  });
  const file = writeSafetensors({
    // 1, −2, 65504, 2^-24, 0.333251953125, ∞
    half: bits('F16', [0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x7c00]),
    // 1, −3.140625, 2^-126
    brain: bits('BF16', [0x3f80, 0xc049, 0x0080]),
    double: { dtype: 'F64', shape: [1], bytes: Buffer.from(Float64Array.of(0.1).buffer) },
  });
  const tensors = decodeSafetensors(file, 'f');
  const floats = (key: string) => [...floatsOf(tensors.get(key) as never)];
  expect(floats('half')).toEqual([
    1,
    -2,
    65504,
    2 ** -24,
    0.333251953125,
    Number.POSITIVE_INFINITY,
  ]);
  expect(floats('brain')).toEqual([1, -3.140625, 2 ** -126]);
  expect(floats('double')).toEqual([Math.fround(0.1)]);
});

test('whole numbers are stored tensors, and no floats', () => {
  const file = writeSafetensors({ n: { dtype: 'U8', shape: [3], bytes: Buffer.of(1, 2, 3) } });
  expect(() => floatsOf(decodeSafetensors(file, 'f').get('n') as never)).toThrow(
    /type U8 are no floating-point numbers; F64, F32, F16, BF16 are/,
  );
});

describe('what is malformed is named', () => {
  const raw = (header: string, data = 8) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
    return Buffer.concat([length, Buffer.from(header), Buffer.alloc(data)]);
  };
  const entry = (fields: object) =>
    raw(JSON.stringify({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields } }));
  const two = (first: readonly number[], second: readonly number[], data = 8) =>
    raw(
      JSON.stringify({
        a: { dtype: 'U8', shape: [4], data_offsets: first },
        b: { dtype: 'U8', shape: [4], data_offsets: second },
      }),
      data,
    );
  const huge = Buffer.alloc(16, 0xff);
  test.each([
    [Buffer.alloc(3), /it has 3 bytes, too few/],
    [huge, /announces a header of 18446744073709551615 bytes; the most is 100000000/],
    [raw('{}').subarray(0, 9), /announces a header of 2 bytes and ends after 1/],
    [raw('{"a"'), /its header is no JSON/],
    [raw('{"\u0000'), /its header is no JSON/],
    [raw('[1]'), /no JSON object/],
    [raw('null'), /no JSON object/],
    [entry({ dtype: 'F7' }), /"a" has the type "F7"/],
    [entry({ dtype: 'toString' }), /"a" has the type "toString"/],
    [raw('{"a":null}'), /"a" has the type undefined/],
    [entry({ shape: [2.5] }), /"a" has the shape \[2\.5\]/],
    [entry({ shape: [-1, -2] }), /"a" has the shape/],
    [entry({ shape: 2 }), /"a" has the shape 2/],
    [entry({ data_offsets: [0] }), /"a" has the data offsets \[0\]/],
    [entry({ data_offsets: [8, 0] }), /needs 8 bytes and has -8/],
    [entry({ shape: [3] }), /\[3\], needs 12 bytes and has 8/],
    [entry({ shape: [2 ** 40, 2 ** 40] }), /needs .* bytes and has 8/],
    [two([0, 4], [2, 6]), /"b" begins at 2, where the tensor before it ends at 4/],
    [two([0, 4], [5, 9], 9), /"b" begins at 5, where the tensor before it ends at 4/],
    [two([0, 4], [4, 8], 6), /"b" ends at 8, and the file has 6 bytes of data/],
    [two([0, 4], [4, 8], 9), /9 bytes of data, of which no tensor has those from 8 on/],
  ])('%#', (file, message) => {
    expect(() => decodeSafetensors(file, 'broken.safetensors')).toThrow(RangeError);
    expect(() => decodeSafetensors(file, 'broken.safetensors')).toThrow(message);
    expect(() => decodeSafetensors(file, 'broken.safetensors')).toThrow(/^broken\.safetensors is/);
  });

  test('whatever byte is changed, the answer is tensors inside the file or a RangeError', () => {
    const file = writeSafetensors(good);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const changed = Buffer.from(file);
        changed[at] = byte;
        try {
          const bytes = [...decodeSafetensors(changed, 'f').values()].map(
            (one) => one.bytes.length,
          );
          return bytes.reduce((sum, one) => sum + one, 0) <= file.length;
        } catch (error) {
          return error instanceof RangeError;
        }
      }),
      { numRuns: 500 },
    );
  });
});
