import { expect, test } from 'vitest';
import { labelRows } from '../../../reports/model/rows.ts';
import type { DefenseRow } from '../../../src/api/results.ts';

const row = (params: DefenseRow['params']): DefenseRow => ({
  key: JSON.stringify(params),
  defense: 'full',
  title: 'Full encryption',
  params,
  targetRatio: 1,
  source: 'a test',
});

test('rows of one title are told apart by the parameters that differ, in words', () => {
  const rows = [
    row({ efficiency: 'none', globalModel: 'aggregate' }),
    row({ efficiency: { kind: 'lora', rank: 8, alpha: 16 }, globalModel: 'aggregate' }),
    row({ efficiency: { kind: 'none-of-these' }, globalModel: 'aggregate' }),
    row({ efficiency: ['first', 'last'], globalModel: 'aggregate' }),
  ];
  expect(labelRows(rows, () => 1).map(({ label }) => label)).toEqual([
    'Full encryption (efficiency none)',
    'Full encryption (efficiency lora: rank 8 alpha 16)',
    'Full encryption (efficiency none-of-these)',
    'Full encryption (efficiency first and last)',
  ]);
});
