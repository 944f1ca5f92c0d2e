import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { datasetList, loadDataset } from '../data/registry.ts';
import { changesTraining } from '../federation/changes-training.ts';
import { readCheckpoint } from '../models/gpt/checkpoint.ts';
import { findModel, models } from '../models/registry.ts';
import type { Catalogue } from '../spec/catalogue.ts';
import { expandGrid } from '../spec/grid.ts';
import { trajectoryHash } from '../spec/hash.ts';
import { loadSpecification } from '../spec/load.ts';
import type { Cell, Specification } from '../spec/specification.ts';
import { adversaries } from '../view/adversaries.ts';
import { type AnyDefense, addPlugins, type Plugins } from './plugins.ts';
import type { TrajectoryTask } from './tasks.ts';

/** An experiment that is checked and ready to run. */
export interface PreparedExperiment {
  readonly specification: Specification;
  readonly cells: readonly Cell[];
  /** The recorded training a cell runs on; undefined: it trains its own. */
  trajectoryOf(cell: Cell): TrajectoryTask | undefined;
}

/** A run: an experiment, and those that stand in the same report. */
export interface PreparedRun extends PreparedExperiment {
  readonly original: { readonly text: string; readonly extension: string };
  readonly plugins: Plugins;
  readonly also: readonly PreparedExperiment[];
}

/** What specifications may name: the suite's own, and what plug-ins add. */
export function catalogueOf({ defenses, attacks }: Plugins): Catalogue {
  return { defenses, attacks, adversaries, models, datasets: datasetList() };
}

/**
 * Reads a specification with its plug-ins, spans the grid and checks that the data is there.
 *
 * @throws {SpecificationError | PluginError | DatasetError | CheckpointError} what the user has to change.
 */
export async function prepareRun(path: string, own: Plugins): Promise<PreparedRun> {
  let plugins = own;
  const specification = await loadSpecification(path, async (paths) => {
    plugins = await addPlugins(own, paths);
    return catalogueOf(plugins);
  });
  // Every byte is verified, whatever the number of samples kept.
  for (const { dataset, pretraining, model, checkpoint } of [
    specification,
    ...(specification.also ?? []),
  ]) {
    await loadDataset(dataset.id, { limit: 1, testLimit: 1 });
    if (pretraining) await loadDataset(pretraining.dataset, { limit: 1, testLimit: 1 });
    if (checkpoint) await readCheckpoint(findModel(model), checkpoint.file);
  }
  const original = { text: await readFile(resolve(path), 'utf8'), extension: extname(path) };
  return assemble(specification, original, plugins);
}

/**
 * The run's first experiment with other defenses, attacks, adversaries or name: `hefl search` tries
 * several.
 */
export function withChanges(
  { specification: { also: _, ...first }, original, plugins }: PreparedRun,
  changes: Partial<Pick<Specification, 'name' | 'title' | 'defenses' | 'attacks' | 'adversaries'>>,
): PreparedRun {
  return assemble({ ...first, ...changes }, original, plugins);
}

function assemble(
  specification: Specification,
  original: PreparedRun['original'],
  plugins: Plugins,
): PreparedRun {
  return {
    ...assembleOne(specification, plugins),
    original,
    plugins,
    also: (specification.also ?? []).map((other) => assembleOne(other, plugins)),
  };
}

function assembleOne(specification: Specification, plugins: Plugins): PreparedExperiment {
  // Attacks don't change a federation: with another list of them, recorded cells stay good.
  const cells = expandGrid(
    { ...specification, attacks: [], adversaries: [] },
    catalogueOf(plugins),
  );
  return {
    specification,
    cells,
    trajectoryOf: sharedTrajectories(specification, plugins.defenses, cells),
  };
}

/** One recorded training per seed, for all cells whose defense does not change training. */
function sharedTrajectories(
  specification: Specification,
  defenses: readonly AnyDefense[],
  cells: readonly Cell[],
): PreparedRun['trajectoryOf'] {
  const { federation } = specification;
  if (federation.trajectory === 'independent') return () => undefined;
  const uses = new Map(
    cells.map(({ hash, defense: { id, params: written } }) => {
      const defense = defenses.find(({ meta }) => meta.id === id);
      if (!defense) throw new RangeError(`no defense is called ${id}`);
      const params = defense.meta.params.parse(written);
      const shares = !changesTraining(defense, params, federation);
      const proposes =
        defense.mask.propose !== undefined && defense.mask.when(params) !== 'before-training';
      return [hash, { shares, gradients: shares && proposes }] as const;
    }),
  );
  const gradients = [...uses.values()].some((use) => use.gradients);
  return ({ hash: cell, seed }) => {
    if (!uses.get(cell)?.shares) return undefined;
    const hash = trajectoryHash(specification, seed);
    return { kind: 'trajectory', hash: gradients ? `${hash}-gradients` : hash, seed, gradients };
  };
}
