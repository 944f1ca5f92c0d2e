import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ParameterLayout } from '../../../src/models/layout.ts';

const layouts = fc
  .array(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), { minLength: 1, maxLength: 6 })
  .map(
    (shapes) =>
      new ParameterLayout(
        shapes.map((shape, layer) => ({ name: `p${layer}`, shape, kind: 'weight', layer })),
      ),
  );

test('splitting and joining are inverse, and the entries tile the vector', () => {
  fc.assert(
    fc.property(layouts, (layout) => {
      const flat = Float32Array.from({ length: layout.size }, (_, at) => at);
      const parts = layout.split(flat);
      expect(layout.join(parts)).toEqual(flat);
      let offset = 0;
      layout.entries.forEach((entry, at) => {
        expect(entry.offset).toBe(offset);
        expect(parts[at]?.shape).toEqual(entry.shape);
        expect(parts[at]?.data.length).toBe(entry.size);
        offset += entry.size;
      });
      expect(offset).toBe(layout.size);
      expect(layout.entry('p0')).toBe(layout.entries[0]);
    }),
  );
});

test('split gives views of the vector', () => {
  const layout = new ParameterLayout([{ name: 'w', shape: [2], kind: 'weight', layer: 0 }]);
  const flat = Float32Array.of(1, 2);
  (layout.split(flat)[0] as { data: Float32Array }).data[1] = 5;
  expect(flat[1]).toBe(5);
});

test('what does not fit is refused by name', () => {
  const layout = new ParameterLayout([
    { name: 'w', shape: [2], kind: 'weight', layer: 0 },
    { name: 'b', shape: [1], kind: 'bias', layer: 0 },
  ]);
  expect(() => layout.split(new Float32Array(4))).toThrow('a vector of 4 values for a layout of 3');
  expect(() => layout.join([{ data: [1, 2] }])).toThrow('1 tensors for a layout of 2');
  expect(() => layout.join([{ data: [1, 2] }, { data: [1, 2] }])).toThrow('b has 2 values, not 1');
  expect(() => layout.entry('c')).toThrow('no parameter is called c; there are w, b');
});
