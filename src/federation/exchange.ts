import { extrapolationFactor } from '../crypto/sampled-key-ring.ts';
import type { EncryptedVector, Encryptor } from '../crypto/scheme.ts';
import type { CoordinateSet } from '../view/coordinate-set.ts';
import { type Contribution, type FederationKeys, vectorBytes } from './federation-keys.ts';
import { secondsSince } from './stopwatch.ts';

/** One client's part in an exchange. */
export interface Sending {
  readonly client: number;
  /** [N]. */
  readonly values: Float32Array;
  /** Coordinates it encrypts. */
  readonly encrypted: CoordinateSet;
  /** Coordinates it sends in plaintext. */
  readonly plain: CoordinateSet;
  /** p_k. */
  readonly weight: number;
}

/** What the exchange took from each sender, in their order. */
export interface SenderCosts {
  readonly plainValues: number;
  readonly ciphertexts: { readonly count: number; readonly bytes: number };
  readonly encryptSeconds: number;
}

export interface Exchanged {
  readonly senders: readonly SenderCosts[];
  /** Coordinates that somebody encrypted, and how many. */
  readonly masked: CoordinateSet;
  readonly maskedCount: number;
  /** Number of coordinates that somebody sent in plaintext. */
  readonly plainCount: number;
  /** Coordinates that somebody sent, in either form, and how many. */
  readonly sent: CoordinateSet;
  readonly sentCount: number;
  /** Measured server seconds: homomorphic and plain sums. */
  readonly serverSeconds: number;
  /** Bytes of the aggregate's ciphertexts. */
  readonly aggregateBytes: number;
  /**
   * Σ p_k values_k over those that sent a coordinate, in either form, [N]; 0 where nobody did. Absent
   * when nobody opened the ciphertexts.
   */
  readonly sum?: Float64Array;
  /** By opener. */
  readonly contributions: readonly Contribution[];
  /** Putting contributions together. */
  readonly mergeSeconds: number;
}

/** Ciphertexts per client that exist at a time; more are summed and opened piece by piece. */
export const CIPHERTEXTS_AT_A_TIME = 16;

/**
 * One exchange: senders encrypt under the federation's keys and send the rest in plaintext, the server
 * sums both, openers open the sum (MaskCrypt §3.1).
 *
 * Encrypted coordinates are packed in coordinate order, aligned for all: a sender pads with 0 where
 * it encrypts nothing, and leaves out a ciphertext that would hold nothing of it.
 *
 * @param drawn the round's ordinary clients, in the order all of them use
 * @param openers absent when nobody can open; the server has summed by then
 */
export async function exchange(
  keys: FederationKeys,
  senders: readonly Sending[],
  drawn: readonly number[],
  openers: readonly number[] | undefined,
  signal: AbortSignal,
): Promise<Exchanged> {
  const size = senders[0]?.values.length ?? 0;
  const positions = union(
    senders.map(({ encrypted }) => encrypted),
    size,
  );
  const opening = openers !== undefined || positions.length === 0;
  const began = performance.now();
  const { sum, sent } = plainSum(senders, size);
  const plainCount = countOnes(sent);
  let serverSeconds = secondsSince(began);
  const costs = senders.map(({ plain }) => ({
    plainValues: countOnes(plain),
    ciphertexts: { count: 0, bytes: 0 },
    encryptSeconds: 0,
  }));
  const contributions = new Map<number, Contribution>();
  let aggregateBytes = 0;
  let mergeSeconds = 0;

  const encryptors = senders.map(({ client }) => keys.encryptor(client, drawn));
  for (const piece of pieces(keys, senders, positions)) {
    const vectors: EncryptedVector[] = [];
    for (const k of piece.senders) {
      signal.throwIfAborted();
      const { values, encrypted, weight } = senders[k] as Sending;
      const cost = costs[k] as (typeof costs)[number];
      const starting = performance.now();
      const packed = pack(values, encrypted, positions.subarray(piece.start, piece.end));
      const vector = await (encryptors[k] as Encryptor).encrypt(packed, weight);
      cost.encryptSeconds += secondsSince(starting) * extrapolationFactor(vector);
      cost.ciphertexts.count += vector.ciphertexts.length;
      cost.ciphertexts.bytes += vectorBytes(vector);
      vectors.push(vector);
    }
    const summing = performance.now();
    const weights = piece.senders.map((k) => (senders[k] as Sending).weight);
    const aggregate = await keys.aggregator().weightedSum(vectors, weights);
    serverSeconds += secondsSince(summing) * extrapolationFactor(aggregate);
    aggregateBytes += vectorBytes(aggregate);
    if (!openers) continue;
    const opened = await keys.open(aggregate, openers);
    opened.values.forEach((value, at) => {
      const position = positions[piece.start + at] as number;
      sum[position] = (sum[position] as number) + value;
    });
    mergeSeconds += opened.mergeSeconds;
    for (const one of opened.contributions)
      contributions.set(one.client, added(one, contributions.get(one.client)));
  }
  const masked = new Uint8Array(size);
  for (const position of positions) {
    masked[position] = 1;
    sent[position] = 1;
  }
  return {
    senders: costs,
    masked,
    maskedCount: positions.length,
    plainCount,
    sent,
    sentCount: countOnes(sent),
    serverSeconds,
    aggregateBytes,
    ...(opening && { sum }),
    contributions: [...contributions.values()],
    mergeSeconds,
  };
}

/** What `exchange` sums, without encryption, [N]. */
export function exactSum(senders: readonly Sending[]): Float64Array {
  const sum = new Float64Array(senders[0]?.values.length ?? 0);
  for (const { values, encrypted, plain, weight } of senders)
    for (let at = 0; at < sum.length; at++)
      if (encrypted[at] === 1 || plain[at] === 1)
        sum[at] = (sum[at] as number) + weight * (values[at] as number);
  return sum;
}

function added(one: Contribution, before: Contribution | undefined): Contribution {
  if (!before) return one;
  return {
    client: one.client,
    seconds: one.seconds + before.seconds,
    downloaded: one.downloaded + before.downloaded,
    bytes: one.bytes + before.bytes,
  };
}

function plainSum(senders: readonly Sending[], size: number) {
  const sum = new Float64Array(size);
  const sent = new Uint8Array(size);
  for (const { values, plain, weight } of senders)
    for (let at = 0; at < size; at++)
      if (plain[at] === 1) {
        sum[at] = (sum[at] as number) + weight * (values[at] as number);
        sent[at] = 1;
      }
  return { sum, sent };
}

/** Consecutive positions that the same senders fill. */
interface Piece {
  readonly start: number;
  readonly end: number;
  /** Indices of the senders. */
  readonly senders: readonly number[];
}

function pieces(
  keys: FederationKeys,
  senders: readonly Sending[],
  positions: Uint32Array,
): Piece[] {
  if (positions.length === 0) return [];
  const all = senders.map((_, k) => k);
  // Blocks of per-client keys divide the whole vector.
  if (keys.use.setup === 'per-client') return [{ start: 0, end: positions.length, senders: all }];
  const perCiphertext = keys.parameterSet.valuesPerCiphertext;
  const found: Piece[] = [];
  for (let start = 0; start < positions.length; start += perCiphertext) {
    const end = Math.min(positions.length, start + perCiphertext);
    const inside = positions.subarray(start, end);
    const filling = all.filter((k) => {
      const { encrypted } = senders[k] as Sending;
      return inside.some((position) => encrypted[position] === 1);
    });
    const last = found.at(-1);
    const joins =
      last &&
      last.senders.length === filling.length &&
      last.senders.every((k, at) => k === filling[at]) &&
      end - last.start <= CIPHERTEXTS_AT_A_TIME * perCiphertext;
    if (joins) found[found.length - 1] = { ...last, end };
    else found.push({ start, end, senders: filling });
  }
  return found;
}

function pack(
  values: Float32Array,
  encrypted: CoordinateSet,
  positions: Uint32Array,
): Float32Array {
  const packed = new Float32Array(positions.length);
  for (let at = 0; at < packed.length; at++) {
    const position = positions[at] as number;
    if (encrypted[position] === 1) packed[at] = values[position] as number;
  }
  return packed;
}

function union(sets: readonly CoordinateSet[], size: number): Uint32Array {
  const positions = new Uint32Array(size);
  const distinct = [...new Set(sets)];
  let count = 0;
  for (let at = 0; at < size; at++)
    if (distinct.some((set) => set[at] === 1)) positions[count++] = at;
  return positions.slice(0, count);
}

function countOnes(set: CoordinateSet): number {
  let count = 0;
  for (let at = 0; at < set.length; at++) count += set[at] as number;
  return count;
}
