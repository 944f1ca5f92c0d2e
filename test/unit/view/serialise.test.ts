import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ArtifactTree, decodeArtifact, encodeArtifact } from '../../../src/store/artifact.ts';
import { parseView, serialiseView, ViewFormatError } from '../../../src/view/serialise.ts';
import { scenarios, viewOf } from './views.ts';

const aScenario = () => fc.sample(scenarios(), { numRuns: 1, seed: 4 })[0] as never;

describe('a stored view', () => {
  test('comes back as it was, through the store too', () => {
    fc.assert(
      fc.property(scenarios(), (scenario) => {
        const view = viewOf(scenario);
        const file = encodeArtifact(serialiseView(view) as unknown as ArtifactTree);
        expect(parseView(decodeArtifact(file, 'view.bin'))).toEqual(view);
      }),
    );
  });

  test('holds no value at an encrypted coordinate', () => {
    fc.assert(
      fc.property(scenarios(), (scenario) => {
        const parsed = parseView(serialiseView(viewOf(scenario)));
        for (const { mask, transmissions } of parsed.rounds)
          for (const { weights } of transmissions)
            expect(weights.values.length).toBe(mask.filter((bit) => bit === 0).length);
      }),
    );
  });

  const damages: [string, (stored: Damaged) => void, RegExp][] = [
    ['another format', (stored) => set(stored, 'format', 'hefl-view/9'), /^format: /],
    ['a missing field', (stored) => delete stored.hyper, /^hyper: /],
    ['a field too many', (stored) => set(stored, 'secretKey', 1), /secretKey/],
    ['a list for an array', (stored) => set(stored, 'initialModel', [1]), /^initialModel: .*Float/],
    ['another size', (stored) => set(stored, 'size', 999), /^initialModel: .* 999 parameters/],
    ['no number', (stored) => stored.initialModel.fill(Number.NaN), /^initialModel\[0\]: NaN/],
    [
      'a value too few',
      (stored) => set(stored.finalModel, 'values', new Float32Array(0)),
      /^finalModel: 0 values for/,
    ],
    [
      'a short bitmap',
      (stored) => set(stored.rounds[1], 'mask', new Uint8Array(0)),
      /^rounds\[1\]\.mask: a bitmap of 0 bytes/,
    ],
    ['rounds out of order', (stored) => stored.rounds.reverse(), /^rounds\[0\]\.round: 3/],
    [
      'a client twice',
      (stored) => stored.rounds[0].transmissions.push(stored.rounds[0].transmissions[0]),
      /sent twice/,
    ],
    [
      'a proposal twice',
      (stored) => set(stored.rounds[0].transmissions[0], 'proposal', Uint32Array.of(0, 0)),
      /^rounds\[0\]\.transmissions\[0\]\.proposal\[1\]: coordinate 0 is named twice/,
    ],
    [
      'a proposal outside',
      (stored) => set(stored.rounds[0].transmissions[0], 'proposal', Uint32Array.of(4000)),
      /proposal\[0\]: coordinate 4000 of/,
    ],
  ];

  test.each(damages)('with %s is refused by name', (_, damage, message) => {
    const stored: Damaged = structuredClone(serialiseView(viewOf(aScenario())));
    damage(stored);
    expect(() => parseView(stored)).toThrow(ViewFormatError);
    expect(() => parseView(stored)).toThrow(message);
  });

  test('is not just anything', () => {
    for (const other of [null, 3, 'view', [], {}])
      expect(() => parseView(other)).toThrow(ViewFormatError);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a stored tree that is damaged on purpose has no type.
type Damaged = any;

function set(tree: Damaged, key: string, value: unknown): void {
  tree[key] = value;
}
