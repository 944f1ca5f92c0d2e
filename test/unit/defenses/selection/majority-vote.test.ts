import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { majorityVote } from '../../../../defenses/selection/majority-vote.ts';

const u = (...values: number[]) => Uint32Array.from(values);

describe('the majority vote', () => {
  test('by hand: half of the votes suffice', () => {
    const masks = [u(0, 1, 2), u(0, 1), u(0), u(4)];
    // votes 3 2 1 0 1 of 4
    expect([...majorityVote(masks, 5)]).toEqual([1, 1, 0, 0, 0]);
    // of 3: 1.5 votes are needed
    expect([...majorityVote(masks.slice(0, 3), 5)]).toEqual([1, 1, 0, 0, 0]);
    expect([...majorityVote([u(2)], 3)]).toEqual([0, 0, 1]);
  });

  test('of nobody is empty', () => {
    expect([...majorityVote([], 3)]).toEqual([0, 0, 0]);
  });

  test('does not depend on the order of clients or coordinates', () => {
    const masks = fc.array(fc.subarray([...Array(12).keys()]), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(masks, (lists) => {
        const forward = majorityVote(
          lists.map((list) => u(...list)),
          12,
        );
        const backward = majorityVote(
          lists.toReversed().map((list) => u(...list.toReversed())),
          12,
        );
        expect(forward).toEqual(backward);
        for (let at = 0; at < 12; at++) {
          const votes = lists.filter((list) => list.includes(at)).length;
          expect(forward[at]).toBe(votes / lists.length >= 0.5 ? 1 : 0);
        }
      }),
    );
  });

  test('of honest identical masks withstands any minority', () => {
    const minority = fc.array(fc.subarray([...Array(12).keys()]), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(fc.subarray([...Array(12).keys()]), minority, (honest, bogus) => {
        // 2 of 5 clients are malicious, 40 %.
        const voted = majorityVote(
          [honest, honest, honest, ...bogus].map((list) => u(...list)),
          12,
        );
        for (let at = 0; at < 12; at++) expect(voted[at]).toBe(honest.includes(at) ? 1 : 0);
      }),
    );
  });
});
