import { openJointKeyRing } from './multi-party/joint-keys.ts';
import { parameterSet } from './parameter-sets.ts';
import { openPerClientKeyRing } from './per-client-keys.ts';
import { openPlainRing } from './plain.ts';
import { checkSampling, sampleKeyRing } from './sampled-key-ring.ts';
import type { GroupKeyRing, KeyRing, KeySetupId, ParameterSetId } from './scheme.ts';
import { defaultOptions, type SchemeOptions, withOptions } from './scheme-options.ts';
import { openSharedKeyRing } from './shared-key.ts';

export interface KeyRingOptions extends Partial<SchemeOptions> {
  /** Number of clients of the federation. */
  readonly clients: number;
  /** SEAL instances, one per worker thread; 0 runs on the calling thread. */
  readonly workers?: number;
}

export interface GroupKeyRingOptions extends KeyRingOptions {
  /** t of a `threshold` key: any t clients open an aggregate. */
  readonly threshold?: number;
  /** B: a partial decryption carries noise uniform in [-2^B, 2^B); 66 unless given. */
  readonly floodingBits?: number;
  /** `false` leaves the noise out, which gives away every client's key: for showing that only. */
  readonly flooding?: boolean;
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
  checkClients(clients);
  const options = { ...defaultOptions, ...choices };
  const set = withOptions(parameterSet(id), options);
  if (setup === 'none' && set.scheme === 'plain') return openPlainRing();
  if (setup === 'shared' && set.scheme !== 'plain') {
    const { realCiphertexts } = options;
    if (realCiphertexts !== undefined) checkSampling(set, realCiphertexts);
    const ring = await openSharedKeyRing(set, options, workers);
    return realCiphertexts === undefined ? ring : sampleKeyRing(ring, options, realCiphertexts);
  }
  throw unavailable(setup, id);
}

/**
 * Generates the keys of a federation whose aggregates no client opens alone: `per-client` blocks
 * (any CKKS or BFV set), a `joint` key of all clients, or a `threshold` key of any t of them (both
 * `ckks-threshold`).
 *
 * @throws {RangeError} a set, key setup or combination that does not exist.
 * @example
 * const ring = await openGroupKeyRing('threshold', 'ckks-threshold', { clients: 5, threshold: 3 });
 * const upload = await ring.encryptor(0, [0, 1, 2, 3, 4]).encrypt(weights, 0.2);
 * const mean = await ring.aggregator().weightedSum(uploads, [0.2, 0.2, 0.2, 0.2, 0.2]);
 * const openers = [0, 2, 4];
 * const shares = openers.map((client) => ring.shareHolder(client).share(mean, openers));
 * const values = await ring.merger().merge(mean, await Promise.all(shares));
 */
export async function openGroupKeyRing(
  setup: KeySetupId,
  id: ParameterSetId,
  options: GroupKeyRingOptions,
): Promise<GroupKeyRing> {
  const {
    clients,
    workers = 1,
    threshold,
    floodingBits = 66,
    flooding = true,
    ...choices
  } = options;
  checkClients(clients);
  const scheme = { ...defaultOptions, ...choices };
  if (scheme.uploads === 'seeded')
    throw new RangeError(
      `Seeded uploads need the secret key at the client; with ${setup} keys no client has it.`,
    );
  if (scheme.realCiphertexts !== undefined)
    throw new RangeError(
      `Ciphertexts are emulated under shared keys only, not under ${setup} keys.`,
    );
  const set = withOptions(parameterSet(id), scheme);
  if (setup === 'per-client' && set.scheme !== 'plain')
    return openPerClientKeyRing(set, scheme, clients, workers);
  if (id !== 'ckks-threshold' || (setup !== 'joint' && setup !== 'threshold'))
    throw unavailable(setup, id);
  if (setup === 'threshold' && threshold === undefined)
    throw new RangeError('The key setup "threshold" needs a threshold: how many clients open.');
  return openJointKeyRing(set, scheme, {
    clients,
    workers,
    floodingBits,
    flooding,
    threshold: setup === 'threshold' ? threshold : undefined,
  });
}

function checkClients(clients: number): void {
  if (!Number.isInteger(clients) || clients < 1)
    throw new RangeError(`A federation of ${clients} clients: give a whole number from 1.`);
}

function unavailable(setup: KeySetupId, id: ParameterSetId): RangeError {
  if ((setup === 'joint' || setup === 'threshold') && id !== 'ckks-threshold')
    return new RangeError(
      `The key setup "${setup}" works with the parameter set "ckks-threshold" only, not with "${id}": partial decryptions need CKKS primes with room for the noise that protects the parties' keys. Set the scheme to ckks-threshold, or use shared or per-client keys.`,
    );
  return new RangeError(
    `The key setup "${setup}" is not available with the parameter set "${id}". Available: openKeyRing with none and plain, or shared and any other set; openGroupKeyRing with per-client and any encrypting set, or joint or threshold and ckks-threshold.`,
  );
}
