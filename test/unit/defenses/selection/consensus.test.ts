import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskConsensus } from '../../../../defenses/selection/consensus.ts';

const u = (...values: number[]) => Uint32Array.from(values);

/** Equally long proposals over `size` coordinates, as clients of one round make them. */
const rounds = fc
  .record({ size: fc.integer({ min: 1, max: 40 }), clients: fc.integer({ min: 1, max: 5 }) })
  .chain(({ size, clients }) =>
    fc.record({
      size: fc.constant(size),
      count: fc.nat(size),
      orders: fc.array(
        fc.shuffledSubarray([...Array(size).keys()], { minLength: size, maxLength: size }),
        { minLength: clients, maxLength: clients },
      ),
    }),
  )
  .map(({ size, count, orders }) => ({
    size,
    count,
    proposals: orders.map((order) => Uint32Array.from(order.slice(0, count))),
  }));

describe('Algorithm 1', () => {
  test('by hand: interleaved, first occurrence kept, truncated', () => {
    const proposals = [u(4, 1, 0), u(4, 2, 1), u(3, 4, 5)];
    // 4 4 3 | 1 2 4 | 0 1 5  →  4 3 1 2 0 5
    expect(maskConsensus(proposals, 3, 6, 'top')).toEqual(u(4, 3, 1));
    expect(maskConsensus(proposals, 3, 6, 'union')).toEqual(u(4, 3, 1, 2, 0, 5));
  });

  test('is the definition: concatenate rank by rank, drop repetitions, keep ρN', () => {
    fc.assert(
      fc.property(rounds, ({ size, count, proposals }) => {
        const interleaved: number[] = [];
        for (let rank = 0; rank < count; rank++)
          for (const proposal of proposals) interleaved.push(proposal[rank] as number);
        const distinct = [...new Set(interleaved)];
        expect(maskConsensus(proposals, count, size, 'top')).toEqual(
          u(...distinct.slice(0, count)),
        );
        expect(maskConsensus(proposals, count, size, 'union')).toEqual(u(...distinct));
      }),
    );
  });

  test('has exactly ρN coordinates, none twice; the union has at least as many', () => {
    fc.assert(
      fc.property(rounds, ({ size, count, proposals }) => {
        const top = maskConsensus(proposals, count, size, 'top');
        expect(new Set(top).size).toBe(count);
        const union = maskConsensus(proposals, count, size, 'union');
        expect(union.length).toBe(new Set(proposals.flatMap((one) => [...one])).size);
        expect(union.length).toBeGreaterThanOrEqual(count);
      }),
    );
  });

  test('follows one client alone, and nobody where there is no proposal', () => {
    expect(maskConsensus([u(2, 0, 1)], 2, 3, 'top')).toEqual(u(2, 0));
    expect(maskConsensus([], 2, 3, 'top')).toEqual(u());
  });

  test('encrypts 64 % where 20 clients propose 5 % independently and nothing is truncated', () => {
    // 1 − .95^20 = .6415 (systems page): spread proposals evenly enough to see it.
    const size = 100_000;
    const share = 0.05 * size;
    let state = 1;
    const next = () => {
      state = (state * 48271) % 2147483647;
      return state % size;
    };
    const proposals = Array.from({ length: 20 }, () => {
      const drawn = new Set<number>();
      while (drawn.size < share) drawn.add(next());
      return Uint32Array.from(drawn);
    });
    const realised = maskConsensus(proposals, share, size, 'union').length / size;
    expect(Math.abs(realised - (1 - 0.95 ** 20))).toBeLessThan(0.01);
  });
});
