import type { Dataset } from '../../data/dataset.ts';
import { partitionData } from '../../data/partition.ts';
import { planProbes } from '../../data/probes.ts';
import { loadDataset } from '../../data/registry.ts';
import { openEngine } from '../../engine/choose.ts';
import type { Engine } from '../../engine/program.ts';
import { randomStream } from '../../engine/random.ts';
import { readCheckpoint } from '../../models/gpt/checkpoint.ts';
import type { Model } from '../../models/model.ts';
import { findModel } from '../../models/registry.ts';
import { startingFrom } from '../../models/starting-from.ts';
import { pretrainingHash } from '../../spec/hash.ts';
import { canonicalJson } from '../../store/json.ts';
import { RunFolder } from '../../store/run-folder.ts';
import { type AnyAttack, type AnyDefense, addPlugins, type Plugins } from '../plugins.ts';
import type { RunContext } from '../tasks.ts';
import { PRETRAINED_FILE } from './pretrained-file.ts';
import type { Claim } from './shared-values.ts';

/** What a stage may use besides its task. */
export interface StageTools {
  readonly workplace: Workplace;
  readonly signal: AbortSignal;
  progress(fraction: number): void;
  readonly claim: Claim;
}

/** What a process keeps between tasks: plug-ins, the engine, the data set. */
export class Workplace {
  readonly #own: Plugins;
  readonly #plugins = new Map<string, Promise<Plugins>>();
  readonly #models = new Map<string, Promise<Model>>();
  readonly #datasets = new Map<string, Promise<Dataset>>();
  #engine?: Promise<Engine>;
  #cores = 1;

  constructor(own: Plugins) {
    this.#own = own;
  }

  engine(): Promise<Engine> {
    this.#engine ??= openEngine({ workers: this.#cores });
    return this.#engine;
  }

  /** Cores that this process may use from now on. */
  useCores(cores: number): void {
    this.#cores = cores;
    // An engine that can't be opened fails its task.
    this.#engine?.then(
      (engine) => engine.useCores(cores),
      () => undefined,
    );
  }

  async defense({ plugins }: RunContext, id: string): Promise<AnyDefense> {
    return found((await this.#withPlugins(plugins)).defenses, 'defense', id);
  }

  async attack({ plugins }: RunContext, id: string): Promise<AnyAttack> {
    return found((await this.#withPlugins(plugins)).attacks, 'attack', id);
  }

  #withPlugins(paths: readonly string[]): Promise<Plugins> {
    return cached(this.#plugins, paths, () => addPlugins(this.#own, paths));
  }

  dataset({ specification }: RunContext): Promise<Dataset> {
    const { id, limit, testLimit } = specification.dataset;
    return cached(this.#datasets, specification.dataset, () =>
      loadDataset(id, { limit, testLimit }),
    );
  }

  /** Who holds which data under a seed, and on what model they train. */
  async setting(task: RunContext, seed: number) {
    const { specification } = task;
    const dataset = await this.dataset(task);
    const partition = partitionData(
      dataset,
      {
        clients: specification.federation.clients,
        partition: specification.federation.partition,
        shadowSamples: specification.membership.shadowSamples,
        probeImages: specification.probes.images,
      },
      randomStream(seed, 'partition'),
    );
    const probes = planProbes(specification, partition);
    return { dataset, partition, probes, model: await this.model(task, seed) };
  }

  /** The specified model; under a seed, it starts from its pretraining or its checkpoint, if any. */
  async model(task: RunContext, seed: number): Promise<Model> {
    const { specification } = task;
    if (!specification.pretraining) return this.untrainedModel(task);
    const hash = pretrainingHash(specification, seed);
    return cached(this.#models, ['pretrained', hash], async () => {
      const stored = await folderOf(task).pretrained(hash).readArtifact(PRETRAINED_FILE);
      return startingFrom(findModel(specification.model), stored as unknown as Float32Array);
    });
  }

  /** The specified model as pretraining finds it. */
  async untrainedModel({ specification }: RunContext): Promise<Model> {
    const model = findModel(specification.model);
    const { checkpoint } = specification;
    if (!checkpoint) return model;
    return cached(this.#models, [model.id, checkpoint], async () =>
      startingFrom(model, await readCheckpoint(model, checkpoint.file)),
    );
  }
}

export function folderOf({ folder }: RunContext): RunFolder {
  return new RunFolder(folder);
}

function found<T extends { meta: { id: string } }>(
  list: readonly T[],
  kind: string,
  id: string,
): T {
  const plugin = list.find(({ meta }) => meta.id === id);
  if (!plugin) throw new RangeError(`No ${kind} is called "${id}".`);
  return plugin;
}

function cached<T>(cache: Map<string, Promise<T>>, key: unknown, make: () => Promise<T>) {
  const text = canonicalJson(key);
  const value = cache.get(text) ?? make();
  cache.set(text, value);
  return value;
}
