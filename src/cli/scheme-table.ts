import { inflation } from '../crypto/parameter-sets.ts';
import type { ParameterSet } from '../crypto/scheme.ts';
import { textTable } from './text-table.ts';

const heading = [
  ...['scheme', 'security bits', 'weights / ciphertext', 'bytes / ciphertext', 'inflation'],
  ...['precision', 'weighting', 'standing'],
];
const numbers = [false, true, true, true, true, true, false, false];

/** The parameter sets with what tests have measured of each (`hefl list schemes`). */
export function schemeTable(sets: readonly ParameterSet[]): string {
  const rows = sets.map((set) => [
    set.id,
    String(set.securityBits),
    set.valuesPerCiphertext.toLocaleString('en'),
    set.ciphertextBytes.toLocaleString('en'),
    `${inflation(set).toFixed(2)}×`,
    set.precision.toExponential(),
    set.weighting,
    set.standing,
  ]);
  return [
    textTable([heading, ...rows], numbers),
    '',
    'Inflation: bytes of a real ciphertext ÷ those of its weights as float32, not compressed.',
    'Precision: largest error of a mean of 100 clients with values in [-1, 1].',
    'Weighting: who multiplies an update by its aggregation weight. --json adds titles and sources.',
  ].join('\n');
}
