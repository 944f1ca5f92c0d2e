import { didYouMean } from '../platform/did-you-mean.ts';
import { cifar10 } from './cifar10.ts';
import { cifar100 } from './cifar100.ts';
import type { Dataset } from './dataset.ts';
import { diabetes130 } from './diabetes130.ts';
import { location30 } from './location30.ts';
import { mnist } from './mnist.ts';
import { purchase100 } from './purchase100.ts';
import type { DataLimits, DatasetInfo, DatasetSource } from './source.ts';
import { syntheticMnist } from './synthetic.ts';
import { syntheticCifar10, syntheticCifar100 } from './synthetic-colours.ts';
import {
  syntheticDiabetes130,
  syntheticLocation30,
  syntheticPurchase100,
  syntheticTexas100,
} from './synthetic-tables.ts';
import { texas100 } from './texas100.ts';
import {
  syntheticShakespeare,
  syntheticShakespeareGpt2,
  syntheticShakespearePairs,
} from './text/synthetic-shakespeare.ts';
import { syntheticWikitextGpt2, syntheticWikitextPairs } from './text/synthetic-wikitext.ts';
import {
  tinyShakespeare,
  tinyShakespeareGpt2,
  tinyShakespearePairs,
} from './text/tiny-shakespeare.ts';
import { wikitext2Gpt2, wikitext2Pairs } from './text/wikitext-2.ts';

const SOURCES: readonly DatasetSource[] = [
  mnist,
  cifar10,
  cifar100,
  purchase100,
  texas100,
  location30,
  diabetes130,
  tinyShakespeare,
  tinyShakespearePairs,
  tinyShakespeareGpt2,
  wikitext2Pairs,
  wikitext2Gpt2,
  syntheticMnist,
  syntheticCifar10,
  syntheticCifar100,
  syntheticPurchase100,
  syntheticTexas100,
  syntheticLocation30,
  syntheticDiabetes130,
  syntheticShakespeare,
  syntheticShakespearePairs,
  syntheticShakespeareGpt2,
  syntheticWikitextPairs,
  syntheticWikitextGpt2,
];

/** Every data set, in the order they are listed. */
export function datasetList(): readonly DatasetInfo[] {
  return SOURCES.map(({ load: _, get: __, ...info }) => info);
}

/** @throws {RangeError} for an unknown id, naming those there are */
export function datasetSource(id: string): DatasetSource {
  const source = SOURCES.find((candidate) => candidate.id === id);
  if (source) return source;
  const ids = SOURCES.map((known) => known.id);
  throw new RangeError(`No data set is called "${id}": ${didYouMean(id, ids)}`);
}

/**
 * Loads a data set, verified.
 *
 * @param limits keep only so many training and test samples: the same ones for every seed
 * @throws {RangeError} for an unknown id or a limit above the number of samples
 * @throws {DatasetError} when a file is missing or its bytes are not the published ones
 */
export async function loadDataset(id: string, limits: DataLimits = {}): Promise<Dataset> {
  return datasetSource(id).load(limits);
}
