import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest, didYouMean, slips } from '../../../src/platform/did-you-mean.ts';

describe('slips', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['random', 'radnom', 1],
    ['', 'abc', 3],
    ['ca', 'abc', 3],
  ])('%s → %s takes %i', (a, b, count) => expect(slips(a, b)).toBe(count));

  it('is symmetric, zero only for equal words and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(slips(a, b)).toBe(slips(b, a));
        expect(slips(a, b) === 0).toBe(a === b);
        expect(slips(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('closest', () => {
  const defenses = ['none', 'full', 'random', 'maskcrypt'];

  it.each([
    ['maskrypt', 'maskcrypt'],
    ['mask-crypt', 'maskcrypt'],
    ['MaskCrypt', 'maskcrypt'],
    ['mask', 'maskcrypt'],
    ['randon', 'random'],
    ['non', 'none'],
  ])('%s was meant as %s', (word, meant) => expect(closest(word, defenses)).toBe(meant));

  it.each(['paillier', 'x', '', '---', 'q'.repeat(500)])('%s was meant as none of them', (word) =>
    expect(closest(word, defenses)).toBeUndefined(),
  );

  it('names all known words whether or not one is near', () => {
    expect(didYouMean('ful', defenses)).toBe(
      'did you mean "full"? There are none, full, random, maskcrypt.',
    );
    expect(didYouMean('dp-sgd', defenses)).toBe('there are none, full, random, maskcrypt.');
    expect(didYouMean('x', [])).toBe('there are none to choose from.');
  });
});
