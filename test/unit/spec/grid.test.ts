import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandGrid } from '../../../src/spec/grid.ts';
import { trajectoryHash } from '../../../src/spec/hash.ts';
import type { Cell, Specification } from '../../../src/spec/specification.ts';
import { validate } from '../../../src/spec/validate.ts';
import { catalogue, minimal } from './catalogue.ts';

function specify(changes: Record<string, unknown> = {}): Specification {
  const validation = validate({ ...minimal, ...changes }, catalogue, 'test');
  if ('findings' in validation) throw new Error(JSON.stringify(validation.findings));
  return validation.specification;
}

const rows = (cells: readonly Cell[]) => [...new Set(cells.map(({ row }) => row))];

describe('expandGrid', () => {
  it('makes a cell of every defense, listed value and seed, row by row', () => {
    const cells = expandGrid(
      specify({
        seeds: [7, 8],
        defenses: ['none', { id: 'random', ratio: [0.05, 0.25] }, { id: 'maskcrypt', ratio: 1 }],
      }),
      catalogue,
    );
    expect(cells.map(({ row, seed }) => `${row} ${seed}`)).toEqual([
      'none 7',
      'none 8',
      'random(ratio=0.05) 7',
      'random(ratio=0.05) 8',
      'random(ratio=0.25) 7',
      'random(ratio=0.25) 8',
      'maskcrypt(ratio=1) 7',
      'maskcrypt(ratio=1) 8',
    ]);
    expect(cells[6]?.defense).toEqual({
      id: 'maskcrypt',
      params: { ratio: 1, consensus: 'truncate' },
    });
  });

  it('crosses several listed parameters, and names them in the order of the schema', () => {
    const defenses = [{ id: 'maskcrypt', consensus: ['truncate', 'union'], ratio: [0.1, 0.2] }];
    expect(rows(expandGrid(specify({ defenses }), catalogue)).sort()).toEqual([
      'maskcrypt(ratio=0.1, consensus=truncate)',
      'maskcrypt(ratio=0.1, consensus=union)',
      'maskcrypt(ratio=0.2, consensus=truncate)',
      'maskcrypt(ratio=0.2, consensus=union)',
    ]);
  });

  it('leaves out a parameter only where every row of the defense has its default', () => {
    const row = (...defenses: unknown[]) => rows(expandGrid(specify({ defenses }), catalogue));
    expect(row('loose')).toEqual(['loose']);
    expect(row({ id: 'loose', strength: [1, 2] })).toEqual([
      'loose(strength=1)',
      'loose(strength=2)',
    ]);
    expect(row('loose', 'none', { id: 'loose', strength: 2 })).toEqual([
      'loose(strength=1)',
      'none',
      'loose(strength=2)',
    ]);
  });

  it('takes a list as one value where the parameter is a list, and a list of lists as several', () => {
    const row = (layers: unknown) =>
      rows(expandGrid(specify({ defenses: [{ id: 'layers', layers }] }), catalogue));
    expect(row([0, 1])).toEqual(['layers(layers=[0,1])']);
    expect(row([[0], [0, 1]])).toEqual(['layers(layers=[0])', 'layers(layers=[0,1])']);
  });

  it('quotes what a row key could be misread for', () => {
    const row = (note: string) =>
      rows(expandGrid(specify({ defenses: [{ id: 'layers', layers: [1], note }] }), catalogue))[0];
    expect(row('plain-word')).toBe('layers(layers=[1], note=plain-word)');
    expect(row('1')).toBe('layers(layers=[1], note="1")');
    expect(row('a, b=c')).toBe('layers(layers=[1], note="a, b=c")');
    expect(row('true')).toBe('layers(layers=[1], note="true")');
  });

  it('gives every cell a hash of its own, of 16 hex digits', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }), {
          minLength: 1,
          maxLength: 5,
          selector: (ratio) => ratio + 0,
        }),
        fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 4 }),
        (ratio, seeds) => {
          const defenses = [
            { id: 'random', ratio },
            { id: 'maskcrypt', ratio, consensus: ['truncate', 'union'] },
          ];
          const cells = expandGrid(specify({ seeds, defenses }), catalogue);
          expect(cells.length).toBe(3 * ratio.length * seeds.length);
          expect(new Set(cells.map(({ hash }) => hash)).size).toBe(cells.length);
          expect(new Set(cells.map(({ row, seed }) => `${row} ${seed}`)).size).toBe(cells.length);
          for (const { hash } of cells) expect(hash).toMatch(/^[0-9a-f]{16}$/);
        },
      ),
    );
  });
});

const hashes = (changes: Record<string, unknown>, known = catalogue) =>
  expandGrid(specify(changes), known).map(({ hash }) => hash);

describe('cell hashes', () => {
  const base = { defenses: [{ id: 'maskcrypt', ratio: 0.1 }] };

  it.each<[string, Record<string, unknown>]>([
    ['the data set', { dataset: 'synthetic-mnist' }],
    ['how much of it', { dataset: { id: 'mnist', limit: 30_000 } }],
    ['the number of test samples', { dataset: { id: 'mnist', testLimit: 1000 } }],
    ['the rounds', { federation: { rounds: 11 } }],
    ['the learning rate', { federation: { learningRate: 0.02 } }],
    ['the partition', { federation: { partition: { kind: 'dirichlet', alpha: 1 } } }],
    ['the trajectory', { federation: { trajectory: 'independent' } }],
    ['the victims', { membership: { victims: 6 } }],
    ['the probes', { probes: { images: 5 } }],
    ['the adversaries', { adversaries: ['oracle'] }],
    ['the bandwidth', { network: { bandwidth: '1 Gbit/s' } }],
    ['a parameter', { defenses: [{ id: 'maskcrypt', ratio: 0.2 }] }],
    ['the seed', { seeds: [2] }],
  ])('change with %s', (_, changes) => {
    expect(hashes({ ...base, ...changes })).not.toEqual(hashes(base));
  });

  it.each<[string, Record<string, unknown>]>([
    ['name and title', { name: 'other', title: 'Other' }],
    ['the attacks, whose answers are stored by themselves', { attacks: ['dlg'] }],
    ['the time limit', { limits: { cellSeconds: 5 } }],
    ['the order of adversaries', { adversaries: ['oracle', 'mask-aware', 'global-fill', 'stale'] }],
    ['writing a default out', { federation: { rounds: 10 }, seeds: [1] }],
    [
      'writing a parameter in another order or as a list of one',
      { defenses: [{ id: 'maskcrypt', consensus: 'truncate', ratio: [0.1] }] },
    ],
  ])("don't change with %s", (_, changes) => {
    expect(hashes({ ...base, ...changes })).toEqual(hashes(base));
  });

  it("change with the defense's version", () => {
    const raised = {
      ...catalogue,
      defenses: catalogue.defenses.map(({ meta }) => ({ meta: { ...meta, version: 4 } })),
    };
    expect(hashes(base, raised)).not.toEqual(hashes(base));
  });
});

describe('trajectoryHash', () => {
  const of = (changes: Record<string, unknown>, seed = 1) => trajectoryHash(specify(changes), seed);

  it('is shared by what only decides how a training is protected and attacked', () => {
    expect(of({ defenses: ['full'], attacks: ['dlg'], membership: { victims: 2 } })).toBe(of({}));
    expect(of({ network: { bandwidth: '1 GB/s' }, name: 'x' })).toBe(of({}));
  });

  it('is not shared by another training', () => {
    const others = [
      of({}, 2),
      of({ federation: { localEpochs: 1 } }),
      of({ federation: { clientsPerRound: 10 } }),
      of({ probes: { localSteps: [1] } }),
      of({ dataset: { id: 'mnist', limit: 10_000 } }),
    ];
    expect(new Set([of({}), ...others]).size).toBe(6);
  });
});
