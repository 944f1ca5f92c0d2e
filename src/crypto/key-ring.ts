import { parameterSet } from './parameter-sets.ts';
import { openPlainRing } from './plain.ts';
import type { KeyRing, KeySetupId, ParameterSetId } from './scheme.ts';
import { defaultOptions, type SchemeOptions } from './scheme-options.ts';
import { openSharedKeyRing } from './shared-key.ts';

export interface KeyRingOptions extends Partial<SchemeOptions> {
  /** Number of clients of the federation. */
  readonly clients: number;
  /** SEAL instances, one per worker thread; 0 runs on the calling thread. */
  readonly workers?: number;
}

/**
 * Generates the keys of one federation. Keys come from the library's own secure randomness, never
 * from the experiment's seed. Close the ring when done: it holds worker threads.
 *
 * @throws {RangeError} a set, key setup or combination that does not exist.
 * @example
 * const ring = await openKeyRing('shared', 'ckks-tenseal', { clients: 20 });
 * const upload = await ring.encryptor(0).encrypt(weights);
 * const mean = await ring.aggregator().weightedSum([upload], [1]);
 * const values = await ring.decryptor(0).decrypt(mean);
 */
export async function openKeyRing(
  setup: KeySetupId,
  id: ParameterSetId,
  { clients, workers = 1, ...choices }: KeyRingOptions,
): Promise<KeyRing> {
  if (!Number.isInteger(clients) || clients < 1)
    throw new RangeError(`A federation of ${clients} clients: give a whole number from 1.`);
  const set = parameterSet(id);
  if (setup === 'none' && set.scheme === 'plain') return openPlainRing();
  if (setup === 'shared' && set.scheme !== 'plain')
    return openSharedKeyRing(set, { ...defaultOptions, ...choices }, workers);
  throw new RangeError(
    `The key setup "${setup}" is not available with the parameter set "${id}". Available: none with plain; shared with the others.`,
  );
}
