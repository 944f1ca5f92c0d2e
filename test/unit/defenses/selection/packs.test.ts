import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { topPacks } from '../../../../defenses/selection/packs.ts';

const f = (...values: number[]) => Float32Array.from(values);

describe('the top packs', () => {
  test('by hand', () => {
    // mean |w| of pairs: 1.5, 1, 2, and 1.6 of the short one
    const model = f(1, -2, 1, 1, -4, 0, 1.6);
    expect([...topPacks(model, 2, 0.25)]).toEqual([4, 5]);
    expect([...topPacks(model, 2, 0.5)]).toEqual([4, 5, 6]);
    expect([...topPacks(model, 2, 0.51)]).toEqual([0, 1, 4, 5, 6]);
    expect([...topPacks(model, 2, 0)]).toEqual([]);
    expect([...topPacks(model, 100, 0.2)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('are ⌈share · packs⌉ whole packs, none with a smaller mean than one left out', () => {
    const model = fc.float32Array({
      noNaN: true,
      noDefaultInfinity: true,
      min: -9,
      max: 9,
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(
        model,
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (weights, size, share) => {
          const kept = new Set(topPacks(weights, size, share));
          const packs = Math.ceil(weights.length / size);
          const mean = (pack: number) => {
            const part = weights.slice(pack * size, (pack + 1) * size);
            return part.reduce((sum, weight) => sum + Math.abs(weight), 0) / part.length;
          };
          const inside: number[] = [];
          const outside: number[] = [];
          for (let pack = 0; pack < packs; pack++) {
            const members = [...weights.keys()].filter((at) => Math.floor(at / size) === pack);
            const present = members.filter((at) => kept.has(at)).length;
            expect([0, members.length]).toContain(present);
            (present > 0 ? inside : outside).push(mean(pack));
          }
          expect(inside.length).toBe(Math.ceil(share * packs));
          expect(Math.max(...outside, 0)).toBeLessThanOrEqual(
            Math.min(...inside, Number.POSITIVE_INFINITY),
          );
        },
      ),
    );
  });
});
