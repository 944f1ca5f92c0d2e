import { expect, test } from 'vitest';
import { schemeTable } from '../../../src/cli/scheme-table.ts';
import { parameterSets } from '../../../src/crypto/parameter-sets.ts';

test('the table of schemes has a row for every parameter set, with all its facts', () => {
  const lines = schemeTable(parameterSets).split('\n');
  const cells = lines.map((line) => line.trim().split(/ {2,}/));
  expect(cells[0]).toEqual([
    ...['scheme', 'security bits', 'weights / ciphertext', 'bytes / ciphertext', 'inflation'],
    ...['precision', 'weighting', 'standing'],
  ]);
  expect(cells.slice(1, 1 + parameterSets.length).map(([id]) => id)).toEqual(
    parameterSets.map(({ id }) => id),
  );
  expect(cells).toContainEqual([
    ...['bfv-pack23', '128', '16,384', '131,185', '2.00×', '1.2e-5', 'client', 'optimised'],
  ]);
  expect(cells).toContainEqual([
    ...['paillier-3072', '128', '1', '768', '192.00×', '5e-10', 'server', 'paper-faithful'],
  ]);
});
