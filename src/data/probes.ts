import type { Specification } from '../spec/specification.ts';
import type { DataPartition } from './dataset.ts';

/** A client whose local set is one given image (MaskCrypt Fig. 6), taking part in one round. */
export interface ProbeClient {
  /** Counted on from the ordinary clients: the first probe has the id `federation.clients`. */
  readonly client: number;
  /** Counted from 1. */
  readonly round: number;
  readonly localSteps: number;
  /** Index into `Dataset.train`. */
  readonly sample: number;
}

/**
 * One probe per image and number of local steps. Rounds are dealt out to images in turn: all probes
 * of an image share a round, so that comparing step counts compares nothing else.
 */
export function planProbes(
  specification: Pick<Specification, 'federation' | 'probes'>,
  partition: DataPartition,
): ProbeClient[] {
  const { images, localSteps, rounds } = specification.probes;
  if (partition.probes.length < images)
    throw new RangeError(`${partition.probes.length} probe images for ${images} asked for`);
  const probes: ProbeClient[] = [];
  partition.probes.slice(0, images).forEach((sample, image) => {
    const round = rounds[image % rounds.length];
    if (round === undefined) throw new RangeError('probe images without a round to take part in');
    for (const steps of localSteps)
      probes.push({
        client: specification.federation.clients + probes.length,
        round,
        localSteps: steps,
        sample,
      });
  });
  return probes;
}
