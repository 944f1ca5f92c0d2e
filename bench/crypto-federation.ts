import { openGroupKeyRing, openKeyRing } from '../src/crypto/key-ring.ts';
import type {
  EncryptedVector,
  KeySetupId,
  ParameterSet,
  ParameterSetId,
} from '../src/crypto/scheme.ts';
import type { SchemeOptions } from '../src/crypto/scheme-options.ts';

/** A parameter set under a key setup, as one row of the benchmark. */
export interface Case {
  readonly set: ParameterSetId;
  readonly setup: KeySetupId;
  readonly options?: Partial<SchemeOptions>;
}

/** A federation's cryptographic steps, alike for all key setups. */
export interface Federation {
  readonly parameterSet: ParameterSet;
  readonly clients: number;
  encrypt(client: number, values: Float32Array): Promise<EncryptedVector>;
  aggregate(uploads: readonly EncryptedVector[]): Promise<EncryptedVector>;
  open(aggregate: EncryptedVector): Promise<Float64Array>;
  close(): Promise<void>;
}

/** Equal weights; a threshold of more than half of the clients where there is one. */
export async function openFederation(
  { set, setup, options = {} }: Case,
  clients: number,
  workers: number,
): Promise<Federation> {
  const everyone = Array.from({ length: clients }, (_, client) => client);
  const weights = everyone.map(() => 1 / clients);
  if (setup === 'none' || setup === 'shared') {
    const ring = await openKeyRing(setup, set, { clients, workers, ...options });
    return {
      parameterSet: ring.parameterSet,
      clients,
      encrypt: (client, values) => ring.encryptor(client).encrypt(values, 1 / clients),
      aggregate: (uploads) => ring.aggregator().weightedSum(uploads, weights),
      open: (aggregate) => ring.decryptor(0).decrypt(aggregate),
      close: () => ring.close(),
    };
  }
  const threshold = Math.floor(clients / 2) + 1;
  const openers = setup === 'threshold' ? everyone.slice(0, threshold) : everyone;
  const ring = await openGroupKeyRing(setup, set, { clients, workers, threshold, ...options });
  return {
    parameterSet: ring.parameterSet,
    clients,
    encrypt: (client, values) => ring.encryptor(client, everyone).encrypt(values, 1 / clients),
    aggregate: (uploads) => ring.aggregator().weightedSum(uploads, weights),
    open: async (aggregate) => {
      const shares = openers.map((client) => ring.shareHolder(client).share(aggregate, openers));
      return ring.merger().merge(aggregate, await Promise.all(shares));
    },
    close: () => ring.close(),
  };
}
