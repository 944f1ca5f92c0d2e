import { didYouMean } from '../platform/did-you-mean.ts';
import type { Dataset } from './dataset.ts';
import { mnist } from './mnist.ts';
import type { DataLimits, DatasetInfo, DatasetSource } from './source.ts';
import { syntheticMnist } from './synthetic.ts';

const SOURCES: readonly DatasetSource[] = [mnist, syntheticMnist];

/** Every data set, in the order they are listed. */
export function datasetList(): readonly DatasetInfo[] {
  return SOURCES.map(({ load: _, ...info }) => info);
}

/**
 * Loads a data set, verified.
 *
 * @param limits keep only so many training and test samples: the same ones for every seed
 * @throws {RangeError} for an unknown id or a limit above the number of samples
 * @throws {DatasetError} when a file is missing or its bytes are not the published ones
 */
export async function loadDataset(id: string, limits: DataLimits = {}): Promise<Dataset> {
  const source = SOURCES.find((candidate) => candidate.id === id);
  if (!source)
    throw new RangeError(
      `No data set is called "${id}": ${didYouMean(
        id,
        SOURCES.map((known) => known.id),
      )}`,
    );
  return source.load(limits);
}
