import { randomBytes } from 'node:crypto';
import { CipherAggregator, countCalls, KeyEncryptor } from '../roles.ts';
import {
  CiphertextError,
  type DecryptionShare,
  type EncryptedVector,
  type GroupKeyRing,
  type Merger,
  type ParameterSet,
} from '../scheme.ts';
import type { SchemeOptions } from '../scheme-options.ts';
import { checkAggregate, checkShares } from '../vector-checks.ts';
import { openExecutor } from '../work/open-executor.ts';
import type { KeyMaterial } from '../work/operations.ts';
import { commonRandomPolynomial } from './common-random.ts';
import { limbBytes } from './limbs.ts';
import { checkOpeners, Party, type PartySetup } from './party.ts';

export interface JointKeyOptions {
  readonly clients: number;
  /** t: any t clients open an aggregate; absent: all of them must. */
  readonly threshold?: number | undefined;
  /** B: partial decryptions carry noise uniform in [-2^B, 2^B). */
  readonly floodingBits: number;
  /** `false` leaves the noise out, which reveals every party's key: for showing that attack only. */
  readonly flooding: boolean;
  readonly workers: number;
}

/**
 * A joint key (xMKCKKS; MASER's step 1 and 6): every client has a secret s_i, shows b_i = e_i - s_i·a
 * for a common random a, and all encrypt under (Σ b_i, a). Nobody knows Σ s_i. To open an aggregate
 * each client returns c_1·s_i plus flooding noise, and the server adds these to c_0. With `threshold`
 * every client also deals Shamir shares of s_i, so that any t of them suffice (FedML-HE's threshold
 * variant).
 *
 * Parties are honest but curious. Ciphertexts are not authenticated, shares travel over private
 * channels, and against rogue keys parties would commit to b_i before showing it.
 */
export async function openJointKeyRing(
  set: ParameterSet,
  options: SchemeOptions,
  joint: JointKeyOptions,
): Promise<GroupKeyRing> {
  const { clients, workers } = joint;
  const threshold = joint.threshold ?? clients;
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > clients)
    throw new RangeError(`A threshold of ${threshold} is outside 1 … ${clients}.`);
  if (!Number.isInteger(joint.floodingBits) || joint.floodingBits < 1 || joint.floodingBits > 90)
    throw new RangeError(`${joint.floodingBits} flooding bits: give a whole number from 1 to 90.`);

  const executor = openExecutor({ parameterSet: set.id, options }, workers);
  const { degree, keyPrimes, dataPrimes } = await executor.submit('primes', [], () => ({}));
  const keyRing = { degree, primes: keyPrimes };
  let keyIds = 0;
  const nextCall = countCalls();
  const setup: PartySetup = {
    executor,
    set,
    keyRing,
    dataRing: { degree, primes: dataPrimes },
    clients,
    threshold,
    floodingBits: joint.flooding ? joint.floodingBits : null,
    nextKeyId: () => keyIds++,
  };
  const parties = await Promise.all(
    Array.from({ length: clients }, (_, client) => Party.generate(setup, client)),
  );
  const commonRandom = commonRandomPolynomial(randomBytes(32), keyRing);
  const shares = await Promise.all(parties.map((party) => party.publicShare(commonRandom)));
  const { publicKey } = await executor.submit('joinPublicKey', [], () => ({
    shares,
    commonRandom,
  }));
  if (joint.threshold !== undefined) {
    const dealt = parties.map((party) => party.deal());
    parties.forEach((party, client) => {
      party.receive(dealt.map((shares) => shares[client] as Uint8Array));
    });
  }
  const key: KeyMaterial = { id: setup.nextKeyId(), kind: 'public', bytes: publicKey };
  const shamirBytes = joint.threshold === undefined ? 0 : (clients - 1) * limbBytes(setup.dataRing);
  const partyOf = (client: number): Party => {
    const party = parties[client];
    if (!party) throw new RangeError(`There is no client ${client} among ${clients}.`);
    return party;
  };
  return {
    keySetup: joint.threshold === undefined ? 'joint' : 'threshold',
    parameterSet: set,
    keyBytes: {
      perClient: limbBytes(keyRing) + publicKey.length + shamirBytes,
      server: clients * limbBytes(keyRing),
    },
    encryptor: (client) => new KeyEncryptor(executor, set, key, client, nextCall),
    aggregator: () => new CipherAggregator(executor, set, key),
    shareHolder: partyOf,
    merger: () => new PartialMerger(setup),
    close: () => executor.close(),
  };
}

/** Adds partial decryptions to c_0; without those of enough clients the sum is noise. */
export class PartialMerger implements Merger {
  readonly #setup: Pick<PartySetup, 'executor' | 'set' | 'clients' | 'threshold'>;

  constructor(setup: Pick<PartySetup, 'executor' | 'set' | 'clients' | 'threshold'>) {
    this.#setup = setup;
  }

  async merge(
    aggregate: EncryptedVector,
    shares: readonly DecryptionShare[],
  ): Promise<Float64Array> {
    const { executor, set } = this.#setup;
    checkAggregate(aggregate, set);
    checkShares(shares);
    const clients = shares.map(({ client }) => client);
    checkOpeners(clients, this.#setup);
    const expected = [...clients].sort((a, b) => a - b).join(', ');
    for (const { client, openers, payloads } of shares) {
      if ([...openers].sort((a, b) => a - b).join(', ') !== expected)
        throw new RangeError(
          `Client ${client} made its share for the openers ${openers.join(', ')}, but those of ${expected} were given. All openers must know the final list.`,
        );
      if (payloads.length !== aggregate.ciphertexts.length)
        throw new CiphertextError(
          `share of client ${client}: number of partial decryptions: ${payloads.length} instead of ${aggregate.ciphertexts.length}.`,
        );
    }
    const size = set.valuesPerCiphertext;
    const values = new Float64Array(aggregate.length);
    await Promise.all(
      aggregate.ciphertexts.map(async (bytes, at) => {
        const part = await executor.submit('merge', [], () => ({
          ciphertexts: [bytes],
          partials: [shares.map(({ payloads }) => payloads[at] as Uint8Array)],
          clients: [...clients],
          weight: aggregate.weight,
          length: Math.min(size, aggregate.length - at * size),
          first: at,
        }));
        values.set(part.values, at * size);
      }),
    );
    return values;
  }
}
