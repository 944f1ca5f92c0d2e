import type { Specification } from '../spec/specification.ts';
import type { DataPartition } from './dataset.ts';

/** A client whose local set is a few given images (MaskCrypt Fig. 6: one), taking part in one round. */
export interface ProbeClient {
  /** Counted on from the ordinary clients: the first probe has the id `federation.clients`. */
  readonly client: number;
  /** Counted from 1. */
  readonly round: number;
  readonly localSteps: number;
  /** Indices into `Dataset.train`; they fit into one batch. */
  readonly samples: Uint32Array;
}

/**
 * One probe per local set (an image, or `imagesPerClient` of them) and number of local steps. Rounds are
 * dealt out to local sets in turn: all probes of an image share a round, so that comparing step counts
 * compares nothing else.
 */
export function planProbes(
  specification: Pick<Specification, 'federation' | 'probes'>,
  partition: DataPartition,
): ProbeClient[] {
  const { images, imagesPerClient, localSteps, rounds } = specification.probes;
  if (partition.probes.length < images)
    throw new RangeError(`${partition.probes.length} probe images for ${images} asked for`);
  const probes: ProbeClient[] = [];
  for (let set = 0; set * imagesPerClient < images; set++) {
    const first = set * imagesPerClient;
    const samples = partition.probes.slice(first, Math.min(images, first + imagesPerClient));
    const round = rounds[set % rounds.length];
    if (round === undefined) throw new RangeError('probe images without a round to take part in');
    for (const steps of localSteps)
      probes.push({
        client: specification.federation.clients + probes.length,
        round,
        localSteps: steps,
        samples,
      });
  }
  return probes;
}
