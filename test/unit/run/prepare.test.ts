import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { attacks } from '../../../attacks/index.ts';
import { defenses } from '../../../defenses/index.ts';
import { prepareRun } from '../../../src/run/prepare.ts';
import { temporaryFolder, tinySpecification, writeText } from '../../e2e/cli-process.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

async function trainings(name: string, changes: Record<string, string>) {
  const path = writeText(join(folder, `${name}.yaml`), tinySpecification(changes));
  const { cells, trajectoryOf } = await prepareRun(path, { defenses, attacks });
  return Object.fromEntries(
    cells.map((cell) => [cell.row, trajectoryOf(cell)?.hash.replace(/^[0-9a-f]+/, 'shared')]),
  );
}

describe('which cells share a recorded training', () => {
  test('those whose defense only masks; the others train their own in the same run', async () => {
    const mixed = '[none, maser, { id: maskcrypt, ratio: 0.1 }]';
    expect(await trainings('mixed', { defenses: mixed })).toEqual({
      none: 'shared-gradients',
      maser: undefined,
      'maskcrypt(ratio=0.1)': 'shared-gradients',
    });
  });

  test('gradients are recorded only where somebody on that training may ask for them', async () => {
    expect(await trainings('plain', { defenses: '[none, maser]' })).toEqual({
      none: 'shared',
      maser: undefined,
    });
  });

  test('a defense with uniform weights shares a uniformly weighted training', async () => {
    const federation = (weighting: string) =>
      `{ clients: 2, clientsPerRound: 2, rounds: 1, weighting: ${weighting} }`;
    const shared = async (weighting: string) =>
      trainings(weighting, { defenses: '[mkhe]', federation: federation(weighting) });
    expect(await shared('uniform')).toEqual({ mkhe: 'shared' });
    expect(await shared('samples')).toEqual({ mkhe: undefined });
  });
});
