import type { ByteKind, CostSummary, StepName } from '../api/results.ts';

export type Direction = 'up' | 'down';
export type ClientStep = Exclude<StepName, 'aggregate'>;
type Bytes = Partial<Record<ByteKind, number>>;

/** Size of one plaintext value on the wire: float32. */
export const BYTES_PER_VALUE = 4;
/** Size of one coordinate in an ordered mask proposal: uint32. */
export const BYTES_PER_COORDINATE = 4;

/** What one client sent, received and computed in one round. */
export interface ClientCosts {
  readonly client: number;
  readonly up: Bytes;
  readonly down: Bytes;
  readonly seconds: Partial<Record<ClientStep, number>>;
  /** Of the bytes up: what went up after aggregation, decrypted values or partial decryptions. */
  returnedBytes: number;
}

export interface RoundCosts {
  /** 0: what comes before training. */
  readonly round: number;
  readonly clients: readonly ClientCosts[];
  /** Clients outside the round that help to open its aggregate. */
  readonly helpers: ClientCosts[];
  /** Measured server seconds: consensus, homomorphic and plain sums. */
  aggregateSeconds: number;
}

/**
 * Bytes by kind and direction and seconds by step, per client and round. A round begins with local
 * training and ends when its clients hold the new global model; w_0 is public and costs nothing.
 */
export class Ledger {
  readonly #rounds: RoundCosts[] = [];
  #setup?: RoundCosts;
  readonly #keyBytes = { up: 0, down: 0 };
  readonly #counts: (client: number) => boolean;

  /**
   * @param counts whether a client counts in the summary. Probe clients don't: there are as many as
   *   somebody wants to attack, each with one image, and they would pull every mean their way. Only
   *   the server's seconds include theirs.
   */
  constructor(counts: (client: number) => boolean = () => true) {
    this.#counts = counts;
  }

  openRound(round: number, clients: readonly number[]): RoundLedger {
    const costs = emptyRound(round, clients);
    this.#rounds.push(costs);
    return new RoundLedger(costs);
  }

  /** What clients do and send before training, other than keys: outside every round's clock. */
  openSetup(clients: readonly number[]): RoundLedger {
    this.#setup = emptyRound(0, clients);
    return new RoundLedger(this.#setup);
  }

  /** The server's or a client's key material, exchanged before training: outside every round's clock. */
  keys(direction: Direction, bytes: number, client?: number): void {
    if (client === undefined || this.#counts(client)) this.#keyBytes[direction] += bytes;
  }

  /** The rounds, after what comes before training, if anything does. */
  get rounds(): readonly RoundCosts[] {
    return this.#setup ? [this.#setup, ...this.#rounds] : this.#rounds;
  }

  /**
   * Means and totals. What comes before training and what helpers do is spread evenly over all client
   * rounds.
   *
   * @param keySeconds measured seconds of the key exchange
   */
  summarise(bandwidthBitsPerSecond: number, keySeconds = 0): CostSummary {
    const counted = this.rounds.map((round) => ({
      ...round,
      clients: round.clients.filter(({ client }) => this.#counts(client)),
      helpers: round.helpers.filter(({ client }) => this.#counts(client)),
    }));
    const rounds = counted.filter(({ round }) => round > 0);
    const clientRounds = rounds.flatMap(({ clients }) => clients);
    const everything = counted.flatMap(({ clients, helpers }) => [...clients, ...helpers]);
    const meanPerClient = (step: ClientStep) =>
      total(everything.map(({ seconds }) => seconds[step] ?? 0)) / clientRounds.length;
    const bytes = (direction: Direction) => {
      const sums: Bytes = {};
      for (const costs of everything) add(sums, costs[direction]);
      if (this.#keyBytes[direction] > 0) add(sums, { keys: this.#keyBytes[direction] });
      return sums;
    };
    const perClientRound = (total: Bytes) =>
      Object.fromEntries(Object.entries(total).map(([kind, n]) => [kind, n / clientRounds.length]));
    const up = bytes('up');
    const down = bytes('down');
    return {
      bytesPerClientRound: { up: perClientRound(up), down: perClientRound(down) },
      totalBytes: { up: sum(up), down: sum(down) },
      seconds: {
        train: meanPerClient('train'),
        mask: meanPerClient('mask'),
        encrypt: meanPerClient('encrypt'),
        aggregate: total(counted.map(({ aggregateSeconds }) => aggregateSeconds)) / rounds.length,
        decrypt: meanPerClient('decrypt'),
      },
      roundSeconds:
        total(rounds.map((round) => roundSeconds(round, bandwidthBitsPerSecond))) / rounds.length,
      ...(keySeconds > 0 && { keySeconds }),
      bandwidthBitsPerSecond,
    };
  }
}

/** One round's entries. */
export class RoundLedger {
  readonly #costs: RoundCosts;
  readonly #clients: Map<number, ClientCosts>;

  constructor(costs: RoundCosts) {
    this.#costs = costs;
    this.#clients = new Map(costs.clients.map((client) => [client.client, client]));
  }

  bytes(client: number, direction: Direction, kind: ByteKind, bytes: number): void {
    if (bytes > 0) add(this.#of(client)[direction], { [kind]: bytes });
  }

  seconds(client: number, step: ClientStep, seconds: number): void {
    const costs = this.#of(client).seconds;
    costs[step] = (costs[step] ?? 0) + seconds;
  }

  /** What a client sends up after aggregation. */
  returned(client: number, kind: ByteKind, bytes: number): void {
    this.bytes(client, 'up', kind, bytes);
    this.#of(client).returnedBytes += bytes;
  }

  /** A client outside the round that helps to open its aggregate. */
  helper(client: number): void {
    if (this.#clients.has(client)) return;
    const costs = emptyCosts(client);
    this.#clients.set(client, costs);
    this.#costs.helpers.push(costs);
  }

  aggregated(seconds: number): void {
    this.#costs.aggregateSeconds += seconds;
  }

  #of(client: number): ClientCosts {
    const costs = this.#clients.get(client);
    if (!costs)
      throw new RangeError(`client ${client} takes no part in round ${this.#costs.round}`);
    return costs;
  }
}

/**
 * Simulated wall clock of a round: the slowest client (train, mask, encrypt, upload), then the server,
 * the slowest download, the slowest decryption, and the return of decrypted values. Clients work at
 * the same time and each has a link of its own.
 */
export function roundSeconds(round: RoundCosts, bandwidthBitsPerSecond: number): number {
  const transfer = (bytes: number) => (8 * bytes) / bandwidthBitsPerSecond;
  const slowest = (seconds: (client: ClientCosts) => number) =>
    Math.max(...[...round.clients, ...round.helpers].map(seconds));
  return (
    slowest(
      ({ seconds: { train = 0, mask = 0, encrypt = 0 }, up, returnedBytes }) =>
        train + mask + encrypt + transfer(sum(up) - returnedBytes),
    ) +
    round.aggregateSeconds +
    slowest(({ down }) => transfer(sum(down))) +
    slowest(({ seconds: { decrypt = 0 } }) => decrypt) +
    slowest(({ returnedBytes }) => transfer(returnedBytes))
  );
}

function add(total: Bytes, more: Bytes): void {
  for (const [kind, bytes] of Object.entries(more) as [ByteKind, number][])
    total[kind] = (total[kind] ?? 0) + bytes;
}

function sum(bytes: Bytes): number {
  return Object.values(bytes).reduce((total, n) => total + n, 0);
}

function total(values: readonly number[]): number {
  return values.reduce((so, value) => so + value, 0);
}

function emptyRound(round: number, clients: readonly number[]): RoundCosts {
  return { round, clients: clients.map(emptyCosts), helpers: [], aggregateSeconds: 0 };
}

function emptyCosts(client: number): ClientCosts {
  return { client, up: {}, down: {}, seconds: {}, returnedBytes: 0 };
}
