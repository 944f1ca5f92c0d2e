import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { attacks } from '../../../attacks/index.ts';
import { defenses } from '../../../defenses/index.ts';
import { datasetList } from '../../../src/data/registry.ts';
import { models } from '../../../src/models/registry.ts';
import type { Catalogue } from '../../../src/spec/catalogue.ts';
import { expandGrid } from '../../../src/spec/grid.ts';
import { loadSpecification } from '../../../src/spec/load.ts';
import { adversaries } from '../../../src/view/adversaries.ts';

const folder = fileURLToPath(new URL('../../../experiments/', import.meta.url));
const catalogue: Catalogue = { defenses, attacks, adversaries, models, datasets: datasetList() };
const load = (name: string) => loadSpecification(`${folder}${name}`, catalogue);

describe('the experiments that come with the suite', async () => {
  it.each(await readdir(folder))('%s is valid', async (name) => {
    expect(expandGrid(await load(name), catalogue).length).toBeGreaterThan(0);
  });

  it('quickstart compares what the report is about', async () => {
    const specification = await load('quickstart.yaml');
    const rows = expandGrid(specification, catalogue).map(({ row }) => row);
    expect([...new Set(rows)]).toEqual([
      'none',
      'full',
      'random(ratio=0.05)',
      'random(ratio=0.25)',
      'maskcrypt(ratio=0.05)',
      'maskcrypt(ratio=0.25)',
    ]);
    expect(specification).toMatchObject({ dataset: { id: 'mnist' }, model: 'lenet-5' });
    expect(specification.also).toMatchObject([
      { dataset: { id: 'synthetic-tiny-shakespeare' }, model: 'gpt-char-small', seeds: [1] },
    ]);
  });

  it('smoke is small and on synthetic data', async () => {
    const { dataset, federation } = await load('smoke.yaml');
    expect(dataset.id).toBe('synthetic-mnist');
    expect(federation.rounds * federation.clientsPerRound).toBeLessThanOrEqual(10);
  });
});
