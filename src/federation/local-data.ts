import type { DataPartition, Dataset, LabelledSamples } from '../data/dataset.ts';
import type { ProbeClient } from '../data/probes.ts';
import { takeSamples } from '../data/samples.ts';
import type { Engine } from '../engine/program.ts';
import type { Model } from '../models/model.ts';
import { clientComputations } from './client-computations.ts';

/** What one client can compute at any weights [N], over its own full local set. */
export interface OwnComputations {
  gradient(weights: Float32Array): Promise<Float32Array>;
  sensitivity(weights: Float32Array): Promise<Float32Array>;
  meanAbsoluteGradient(weights: Float32Array): Promise<Float32Array>;
  hessianGradient(weights: Float32Array): Promise<Float32Array>;
  loss(weights: Float32Array): Promise<number>;
}

/** The local sets, by what clients do with them. */
export interface LocalData {
  /** |D^k|. */
  count(client: number): number;
  computations(client: number): OwnComputations;
}

export interface LocalDataSettings {
  readonly dataset: Pick<Dataset, 'train'>;
  readonly partition: DataPartition;
  readonly probes: readonly ProbeClient[];
  readonly model: Model;
  readonly engine: Engine;
  readonly batchSize: number;
}

/** A client's local set, an ordinary one's or a probe's. */
export function localSamples(
  { dataset, partition, probes }: Pick<LocalDataSettings, 'dataset' | 'partition' | 'probes'>,
  client: number,
): LabelledSamples {
  return takeSamples(dataset.train, indicesOf({ partition, probes }, client));
}

export function localData(settings: LocalDataSettings): LocalData {
  const { engine, model, batchSize } = settings;
  return {
    count: (client) => indicesOf(settings, client).length,
    computations(client) {
      const all = clientComputations(engine, model, batchSize);
      const samples = localSamples(settings, client);
      return {
        gradient: (weights) => all.gradient(weights, samples),
        sensitivity: (weights) => all.sensitivity(weights, samples),
        meanAbsoluteGradient: (weights) => all.meanAbsoluteGradient(weights, samples),
        hessianGradient: (weights) => all.hessianGradient(weights, samples),
        loss: (weights) => all.loss(weights, samples),
      };
    },
  };
}

/** For a recording that is played back where the clients' data is not at hand. */
export const noLocalData: LocalData = {
  count: () => refuse(),
  computations: () => refuse(),
};

function refuse(): never {
  throw new TypeError("the recording is played back without the clients' data");
}

function indicesOf(
  { partition, probes }: Pick<LocalDataSettings, 'partition' | 'probes'>,
  client: number,
): Uint32Array {
  const indices =
    partition.clients[client] ?? probes.find((probe) => probe.client === client)?.samples;
  if (!indices) throw new RangeError(`there is no client ${client}`);
  return indices;
}
