import { expect, test } from 'vitest';
import type { RunResults } from '../../../src/api/results.ts';
import { crossedGates, parseGate, requireKnownNames } from '../../../src/cli/gate.ts';

const results = {
  rows: [
    { key: 'none', defense: 'none' },
    { key: 'maskcrypt(ratio=0.05)', defense: 'maskcrypt' },
  ],
  attacks: [{ id: 'ml-leaks' }],
  metrics: [{ id: 'auc' }],
  adversaries: [
    { id: 'stale', needs: 'server' },
    { id: 'oracle', needs: 'upper-bound' },
  ],
  pooled: [
    ['none', 'stale', 0.9],
    ['maskcrypt(ratio=0.05)', 'stale', 0.55],
    ['maskcrypt(ratio=0.05)', 'oracle', 0.9],
  ].map(([row, adversary, value]) => ({
    ...{ row, adversary, attack: 'ml-leaks', metric: 'auc' },
    value: { value, n: 10 },
  })),
} as unknown as RunResults;

const crossed = (text: string) => crossedGates([parseGate(text)], results);

test('a gate catches every row beyond the limit, the oracle aside', () => {
  expect(crossed('ml-leaks.auc > 0.5')).toEqual([
    'none under ml-leaks by stale: auc 0.900 > 0.5',
    'maskcrypt(ratio=0.05) under ml-leaks by stale: auc 0.550 > 0.5',
  ]);
  expect(crossed('ml-leaks.auc>0.9')).toEqual([]);
  expect(crossed('ml-leaks.auc < .6')).toHaveLength(1);
});

test('a gate may name a defense or a single row', () => {
  expect(crossed('maskcrypt: ml-leaks.auc > 0.5')).toHaveLength(1);
  expect(crossed('maskcrypt(ratio=0.05): ml-leaks.auc > 0.6')).toEqual([]);
});

test('what the run does not have is named', () => {
  const names = {
    attacks: ['ml-leaks'],
    metrics: ['auc'],
    defenses: ['none', 'maskcrypt', 'maskcrypt(ratio=0.05)'],
  };
  const named = (text: string) => requireKnownNames([parseGate(text)], names);
  expect(() => named('maskcrypt: ml-leaks.auc > 0.5')).not.toThrow();
  expect(() => named('ml-leak.auc > 0.5')).toThrow('did you mean "ml-leaks"?');
  expect(() => named('ml-leaks.acu > 0.5')).toThrow('no metric "acu"');
  expect(() => named('maskcript: ml-leaks.auc > 0.5')).toThrow('did you mean "maskcrypt"?');
});

test.each(['', 'auc > 0.5', 'ml-leaks.auc >= 0.5', 'ml-leaks.auc > high', 'a.b > '])(
  '"%s" is no gate',
  (text) => {
    expect(() => parseGate(text)).toThrow("'loss-threshold.auc > 0.6'");
  },
);
