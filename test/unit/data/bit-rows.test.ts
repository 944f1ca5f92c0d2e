import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitRowReader } from '../../../src/data/bit-rows.ts';
import { unpackRow } from '../../../src/data/bit-table.ts';
import { DatasetError } from '../../../src/data/errors.ts';

const shape = { rows: 2, features: 3, labelled: true };

function read(text: string, settings = shape) {
  const reader = new BitRowReader('table', settings);
  reader.write(Buffer.from(text));
  return reader.end();
}

describe('BitRowReader', () => {
  it('gives back any table, cut into any pieces', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 20 })
          .chain((features) =>
            fc.array(
              fc.tuple(
                fc.integer({ min: 1, max: 256 }),
                fc.array(fc.constantFrom(0, 1), { minLength: features, maxLength: features }),
              ),
              { minLength: 1, maxLength: 8 },
            ),
          ),
        fc.boolean(),
        fc.integer({ min: 1, max: 7 }),
        (rows, labelled, pieceLength) => {
          const features = rows[0]?.[1].length ?? 0;
          const text = rows
            .map(([label, bits]) => [...(labelled ? [`"${label}"`] : []), ...bits].join(','))
            .join('\r\n');
          const reader = new BitRowReader('table', { rows: rows.length, features, labelled });
          for (let at = 0; at < text.length; at += pieceLength)
            reader.write(Buffer.from(text.slice(at, at + pieceLength)));
          const { bits, labels } = reader.end();
          rows.forEach(([label, wanted], index) => {
            const row = new Float32Array(features);
            unpackRow({ bits, features }, index, row);
            expect([...row]).toEqual(wanted);
            expect(labels?.[index]).toBe(labelled ? label - 1 : undefined);
          });
        },
      ),
    );
  });

  it.each([
    ['too few rows', '1,0,1,1\n', /^table has 1 rows; there must be 2\.$/],
    ['too many rows', '1,0,1,1\n2,0,0,0\n3,1,1,1\n', /row 3 is one more than there must be/],
    ['a short row', '1,0,1\n2,0,0,0\n', /row 1 has 2 features, not 3/],
    ['a long row', '1,0,1,1,0\n', /row 1 has more than 3 features/],
    ['another value', '1,0,1,1\n2,0,7,0\n', /row 2 has the value 7, where only 0 and 1 may be/],
    ['an empty field', '1,0,,1\n', /row 1 has an empty field/],
    ['a letter', '1,0,x,1\n', /row 1 has the character "x"/],
    ['class 0', '0,0,1,1\n', /row 1 has the class 0/],
    ['a class beyond a byte', '257,0,1,1\n', /row 1 has the class 257/],
  ])('rejects %s by name and row', (_, text, reason) => {
    expect(() => read(text)).toThrow(DatasetError);
    expect(() => read(text)).toThrow(reason);
  });

  it('takes a last line without an end', () => {
    expect([...read('1,0,1,1\n2,1,0,0').bits]).toEqual([0b01100000, 0b10000000]);
  });
});
