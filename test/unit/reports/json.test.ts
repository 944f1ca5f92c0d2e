import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeJson } from '../../../reports/json.ts';

describe('safeJson', () => {
  it('can neither end a script element nor break a line, and reads back unchanged', () => {
    const nasty = fc.constantFrom('</script>', '<!--', '\u2028', '\u2029', '<', '&', '"', '\\');
    const text = fc.array(fc.oneof(nasty, fc.string())).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.dictionary(text, text), (value) => {
        const json = safeJson(value);
        expect(json).not.toMatch(/[<\u2028\u2029]/);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('writes numbers that JSON lacks as strings', () => {
    const { POSITIVE_INFINITY: top, NEGATIVE_INFINITY: bottom, NaN: none } = Number;
    expect(safeJson({ psnr: [top, bottom, none, 1.5] })).toBe(
      '{"psnr":["Infinity","-Infinity","NaN",1.5]}',
    );
  });
});
