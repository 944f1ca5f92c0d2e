import type { KeyUse } from '../api/defense.ts';
import type { LostRound } from '../api/results.ts';
import { splitEvenly } from '../crypto/per-client-keys.ts';
import { extrapolationFactor } from '../crypto/sampled-key-ring.ts';
import type {
  Aggregator,
  Block,
  EncryptedVector,
  Encryptor,
  GroupKeyRing,
  KeyRing,
  ParameterSet,
} from '../crypto/scheme.ts';
import { secondsSince } from './stopwatch.ts';

export type AnyKeyRing = KeyRing | GroupKeyRing;

/** Who is there when a round's aggregate is to be opened. */
export interface Presence {
  /** Ordinary clients drawn for the round, in order of selection, whether or not they are still there. */
  readonly drawn: readonly number[];
  /** All clients whose upload was summed, probes included. */
  readonly uploaded: readonly number[];
  /** Clients of the round that can still answer, in order of selection. */
  readonly present: readonly number[];
  /** Clients outside the round that can answer. */
  readonly others: readonly number[];
}

/** An opened vector, and what opening it took from whom. */
export interface Opened {
  readonly values: Float64Array;
  readonly contributions: readonly Contribution[];
  /** Putting contributions together; 0 where one client decrypts alone. */
  readonly mergeSeconds: number;
}

export interface Contribution {
  readonly client: number;
  readonly seconds: number;
  /** Bytes of the ciphertexts it needs. */
  readonly downloaded: number;
  /** What the client sends so that others get the values: values in float32, or partial decryptions. */
  readonly bytes: number;
}

/** The keys of one federation, whoever holds them: one way to encrypt, to sum and to open. */
export class FederationKeys {
  readonly use: KeyUse;
  readonly #ring: AnyKeyRing;
  readonly #clients: number;

  /**
   * @param clients of the federation, probes not counted
   * @throws {RangeError} a key ring of another setup
   */
  constructor(ring: AnyKeyRing, use: KeyUse, clients: number) {
    if (ring.keySetup !== use.setup)
      throw new RangeError(`keys ${use.setup} are needed, not ${ring.keySetup}`);
    this.#ring = ring;
    this.use = use;
    this.#clients = clients;
  }

  get parameterSet(): ParameterSet {
    return this.#ring.parameterSet;
  }

  get keyBytes(): AnyKeyRing['keyBytes'] {
    return this.#ring.keyBytes;
  }

  /** What contributions are made of. */
  get contributionKind(): 'plain-values' | 'partial-decryptions' {
    return this.#partial ? 'partial-decryptions' : 'plain-values';
  }

  /** Whether partial decryptions carry noise; undefined where there are none. */
  get flooding(): boolean | undefined {
    const { use } = this;
    if (use.setup === 'own-key') return false;
    return use.setup === 'joint' || use.setup === 'threshold' ? (use.flooding ?? true) : undefined;
  }

  /** @param drawn the round's ordinary clients, in the order all of them use */
  encryptor(client: number, drawn: readonly number[]): Encryptor {
    return this.#ring.encryptor(client, drawn);
  }

  aggregator(): Aggregator {
    return this.#ring.aggregator();
  }

  /** Whose key encrypts which of `length` masked values; undefined: one key encrypts all. */
  blocks(length: number, drawn: readonly number[]): Block[] | undefined {
    return this.use.setup === 'per-client' ? splitEvenly(length, drawn) : undefined;
  }

  /** The clients that open the round's aggregate, or why it stays closed. */
  openers({ drawn, uploaded, present, others }: Presence): readonly number[] | LostRound {
    const available = [...present, ...others];
    const all = (needed: readonly number[], whose: string): readonly number[] | LostRound => {
      const missing = needed.filter((client) => !available.includes(client));
      if (missing.length === 0) return needed;
      const reason = `${listClients(missing)} fell out; nobody else can replace ${whose}.`;
      return { cause: 'missing-key', missing, reason };
    };
    switch (this.use.setup) {
      case 'none':
      case 'shared':
        return available.length > 0
          ? available.slice(0, 1)
          : { cause: 'nobody-left', missing: drawn, reason: 'No client was left to decrypt.' };
      case 'per-client':
        return all(drawn, 'the keys of their blocks');
      case 'joint':
        return all([...Array(this.#clients).keys()], 'their parts of the joint key');
      case 'own-key':
        return all(uploaded, 'the keys of their uploads');
      case 'threshold': {
        const { threshold } = this.use;
        if (available.length >= threshold) return available.slice(0, threshold);
        const missing = drawn.filter((client) => !available.includes(client));
        const reason = `${available.length} clients were left to open the aggregate; the threshold is ${threshold}.`;
        return { cause: 'below-threshold', missing, reason };
      }
    }
  }

  /** The values of an aggregate, from those that `openers` named. */
  async open(aggregate: EncryptedVector, openers: readonly number[]): Promise<Opened> {
    const ring = this.#ring;
    if ('decryptor' in ring) {
      const [client] = openers;
      if (client === undefined) throw new RangeError('an aggregate without anybody to open it');
      const began = performance.now();
      const values = await ring.decryptor(client).decrypt(aggregate);
      const contribution = {
        client,
        seconds: secondsSince(began) * extrapolationFactor(aggregate),
        downloaded: vectorBytes(aggregate),
        bytes: 4 * values.length,
      };
      return { values, contributions: [contribution], mergeSeconds: 0 };
    }
    const shares = [];
    const contributions: Contribution[] = [];
    for (const client of openers) {
      const began = performance.now();
      const share = await ring.shareHolder(client).share(aggregate, openers);
      shares.push(share);
      const bytes = share.payloads.reduce((sum, { length }) => sum + length, 0);
      const downloaded = vectorBytes(aggregate, client, this.parameterSet.valuesPerCiphertext);
      contributions.push({ client, seconds: secondsSince(began), downloaded, bytes });
    }
    const began = performance.now();
    const values = await ring.merger().merge(aggregate, shares);
    return { values, contributions, mergeSeconds: secondsSince(began) };
  }

  /** Whether one client opens an aggregate alone. */
  get openedByOne(): boolean {
    return 'decryptor' in this.#ring;
  }

  /** Whether every client that uploads takes part in opening, probes too. */
  get opensOwn(): boolean {
    return this.use.setup === 'own-key';
  }

  get #partial(): boolean {
    return this.flooding !== undefined;
  }
}

/** Bytes of a vector's ciphertexts; of a client's own block, where it has blocks. */
export function vectorBytes(vector: EncryptedVector, client?: number, perCiphertext = 1): number {
  let first = 0;
  let count = vector.ciphertexts.length;
  if (vector.blocks && client !== undefined)
    for (const block of vector.blocks) {
      count = Math.ceil(block.length / perCiphertext);
      if (block.client === client) break;
      first += count;
    }
  return vector.ciphertexts
    .slice(first, first + count)
    .reduce((sum, { length }) => sum + length, 0);
}

function listClients(clients: readonly number[]): string {
  const some = clients.slice(0, 5).join(', ');
  const more = clients.length > 5 ? ` and ${clients.length - 5} more` : '';
  return `${clients.length === 1 ? 'Client' : 'Clients'} ${some}${more}`;
}
