import {
  type Block,
  CiphertextError,
  type DecryptionShare,
  type EncryptedVector,
  type ParameterSet,
  type ParameterSetId,
} from './scheme.ts';
import { largestFieldSum } from './seal/codecs.ts';

/** Sets with several values in one integer, whose fields must not overflow. */
const packedSets: readonly ParameterSetId[] = [
  'bfv-pack23',
  'paillier-3072-batchcrypt',
  'paillier-3072-lanes',
];

/** Weights p_k are fractions that add up to 1 only up to rounding. */
const weightTolerance = 1e-9;

/** @throws {RangeError} naming the first value that is not finite or beyond ±`largest`. */
export function checkValues(values: Float32Array, largest: number): void {
  // Not findIndex: this runs over every weight of every client on the calling thread.
  for (let at = 0; at < values.length; at++) {
    if (!(Math.abs(values[at] as number) <= largest))
      throw new RangeError(
        `Value ${at} is ${values[at]}; what is encrypted must be finite and within ±${largest}.`,
      );
  }
}

/** @throws {CiphertextError} naming the vector and the field that is wrong. */
export function checkVector(vector: EncryptedVector, set: ParameterSet, where: string): void {
  if (typeof vector !== 'object' || vector === null)
    throw new CiphertextError(`${where}: not an encrypted vector.`);
  if (vector.kind !== 'upload' && vector.kind !== 'aggregate')
    throw new CiphertextError(`${where}: kind: "${vector.kind}" is neither upload nor aggregate.`);
  if (vector.parameterSet !== set.id)
    throw new CiphertextError(
      `${where}: parameter set: "${vector.parameterSet}" instead of "${set.id}".`,
    );
  if (!(vector.weight > 0 && vector.weight <= 1 + weightTolerance))
    throw new CiphertextError(`${where}: weight: ${vector.weight} is outside ]0, 1].`);
  if (!Number.isSafeInteger(vector.length) || vector.length < 0)
    throw new CiphertextError(`${where}: length: ${vector.length} is no number of values.`);
  if (!Array.isArray(vector.ciphertexts))
    throw new CiphertextError(`${where}: ciphertexts: not a list.`);
  const bad = vector.ciphertexts.findIndex((bytes) => !(bytes instanceof Uint8Array));
  if (bad !== -1) throw new CiphertextError(`${where}, ciphertext ${bad}: not a Uint8Array.`);
  const expected = Math.ceil(vector.length / set.valuesPerCiphertext);
  if (vector.ciphertexts.length !== expected)
    throw new CiphertextError(
      `${where}: number of ciphertexts: ${vector.ciphertexts.length} instead of ${expected} for ${vector.length} values.`,
    );
}

/** @throws {CiphertextError} blocks that are no list of clients and numbers of values. */
export function checkBlocks(
  blocks: readonly Block[] | undefined,
  where: string,
): asserts blocks is readonly Block[] {
  if (!Array.isArray(blocks) || blocks.length === 0)
    throw new CiphertextError(`${where}: blocks: missing.`);
  blocks.forEach((block, at) => {
    if (!Number.isSafeInteger(block?.client) || !(block.client >= 0))
      throw new CiphertextError(`${where}: block ${at}: client: ${block?.client} is no client.`);
    if (!Number.isSafeInteger(block.length) || block.length < 0)
      throw new CiphertextError(
        `${where}: block ${at}: length: ${block.length} is no number of values.`,
      );
  });
  if (new Set(blocks.map(({ client }) => client)).size !== blocks.length)
    throw new CiphertextError(`${where}: blocks: a client has two.`);
}

/** @throws {CiphertextError} an upload: a single client's values are nobody's to open. */
export function checkKindAggregate(vector: EncryptedVector): void {
  if (vector.kind !== 'aggregate')
    throw new CiphertextError(
      `aggregate: kind: "${vector.kind}"; clients open nothing but aggregates.`,
    );
}

/** @throws {CiphertextError} naming the field that is wrong, or an upload. */
export function checkAggregate(vector: EncryptedVector, set: ParameterSet): void {
  checkVector(vector, set, 'aggregate');
  checkKindAggregate(vector);
}

/** @throws {CiphertextError} shares without a client, its openers or payloads. */
export function checkShares(shares: readonly DecryptionShare[]): void {
  if (!Array.isArray(shares)) throw new CiphertextError('shares: not a list.');
  shares.forEach((share: DecryptionShare | null, at) => {
    if (!Number.isSafeInteger(share?.client))
      throw new CiphertextError(`share ${at}: client: ${share?.client} is no client.`);
    const { client, openers, payloads } = share as DecryptionShare;
    if (!Array.isArray(openers))
      throw new CiphertextError(`share of client ${client}: openers: not a list.`);
    if (!Array.isArray(payloads) || !payloads.every((bytes) => bytes instanceof Uint8Array))
      throw new CiphertextError(`share of client ${client}: payloads: no list of Uint8Arrays.`);
  });
}

/**
 * Checks what an aggregation is asked for.
 *
 * @throws {CiphertextError} a vector of another parameter set or length.
 * @throws {RangeError} no vectors, or weights that don't fit them.
 */
export function checkAggregation(
  vectors: readonly EncryptedVector[],
  weights: readonly number[],
  set: ParameterSet,
): void {
  const [first] = vectors;
  if (!first) throw new RangeError('There is nothing to aggregate: no vectors were given.');
  if (vectors.length !== weights.length)
    throw new RangeError(`${weights.length} weights for ${vectors.length} vectors.`);
  vectors.forEach((vector, k) => {
    checkVector(vector, set, `vector ${k}`);
    if (vector.kind !== 'upload')
      throw new CiphertextError(`vector ${k}: kind: an aggregate cannot be aggregated again.`);
    if (vector.length !== first.length)
      throw new CiphertextError(
        `vector ${k}: length: ${vector.length} values, but vector 0 has ${first.length}.`,
      );
    const weight = weights[k] as number;
    if (!Number.isFinite(weight) || Math.abs(weight) > 2 ** 16)
      throw new RangeError(`Weight ${k} is ${weight}; it must be finite and within ±65536.`);
    if (set.weighting === 'client' && vector.weight !== weight)
      throw new RangeError(
        `Vector ${k} was weighted with ${vector.weight} by its client, but ${weight} is asked for. With ${set.id} the server only adds: give the weight to encrypt().`,
      );
  });
  const total = vectors.reduce((sum, { weight }) => sum + weight, 0);
  if (set.weighting === 'client' && total > 1 + weightTolerance)
    throw new RangeError(
      `The clients' weights add up to ${total}; with ${set.id} they must not exceed 1.`,
    );
  if (packedSets.includes(set.id) && vectors.length > largestFieldSum)
    throw new RangeError(
      `${vectors.length} vectors: ${set.id} adds at most ${largestFieldSum}. Use ckks-add for more.`,
    );
}
