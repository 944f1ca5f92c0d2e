import { describe, expect, it } from 'vitest';
import { minimal } from './catalogue.ts';
import { valid, wrong } from './validated.ts';

describe('further experiments', () => {
  const others = (...also: unknown[]) => valid({ ...minimal, also }).also ?? [];

  it('take over whole sections that they do not write, but not name and title', () => {
    const first = { ...minimal, title: 'Digits', seeds: 2, federation: { rounds: 3, clients: 70 } };
    const changed = { dataset: 'synthetic-mnist', federation: { rounds: 4 } };
    const { also, ...rest } = valid({ ...first, also: [changed, { name: 'own', seeds: 1 }] });
    expect(rest).toEqual(valid(first));
    expect(also).toEqual([
      valid({ ...minimal, ...changed, seeds: 2, name: 'test-2' }),
      valid({ ...first, seeds: 1, name: 'own', title: 'own' }),
    ]);
  });

  it('are as many as are written', () => {
    expect(others()).toEqual([]);
    expect(others({}, {}).map(({ name }) => name)).toEqual(['test-2', 'test-3']);
  });

  it('are told what is wrong where it is written, and only once', () => {
    expect(wrong({ also: [{ model: 'lenet5', colour: 1 }] })).toEqual([
      expect.stringMatching(
        /^also\[0\].colour: is not a known key; there are name, title, seeds, /,
      ),
      expect.stringMatching(/^also\[0\].model: there is no model "lenet5"; did you mean "lenet-5"/),
    ]);
    expect(wrong({ seeds: 0, also: [{ title: 'more' }] })).toEqual([
      'seeds: is 0; it must be at least 1',
    ]);
    expect(wrong({ seeds: 0, also: [{ seeds: -1 }] })).toEqual([
      'seeds: is 0; it must be at least 1',
      'also[0].seeds: is -1; it must be at least 1',
    ]);
    expect(wrong({ probes: { rounds: [10] }, also: [{ federation: { rounds: 4 } }] })).toEqual([
      'also[0]: probes.rounds[0], as on top: there is no round 10; write 1 to 4, first or last',
    ]);
  });

  it('have names of their own, and neither plug-ins nor experiments besides', () => {
    const twice = { name: 'a', also: [{ name: 'b' }, { name: 'b' }, { name: 'a' }] };
    expect(wrong(twice)).toEqual([
      'also[1].name: there is another "b"; give each its own',
      'also[2].name: there is another "a"; give each its own',
    ]);
    expect(wrong({ also: [{ plugins: [] }] })).toEqual([
      'also[0].plugins: holds for the whole file; write it on top',
    ]);
    expect(wrong({ also: [{ also: [] }] })[0]).toMatch(/^also\[0\].also: is not a known key/);
    expect(wrong({ colour: 1 })[0]).toMatch(/limits, also\.$/);
    expect(wrong({ also: { title: 'x' } })).toEqual([
      'also: is no list; it must be a list of experiments',
    ]);
    expect(wrong({ also: ['mnist'] })).toEqual([
      'also[0]: is no section; it must say what is other in this experiment',
    ]);
  });
});
