import { CiphertextError, type EncryptedVector, type ParameterSet } from './scheme.ts';
import { largestFieldSum } from './seal/codecs.ts';

/** Weights p_k are fractions that add up to 1 only up to rounding. */
const weightTolerance = 1e-9;

/** @throws {RangeError} naming the first value that is not finite or beyond ±`largest`. */
export function checkValues(values: Float32Array, largest: number): void {
  const at = values.findIndex((value) => !(Math.abs(value) <= largest));
  if (at !== -1)
    throw new RangeError(
      `Value ${at} is ${values[at]}; what is encrypted must be finite and within ±${largest}.`,
    );
}

/** @throws {CiphertextError} naming the vector and the field that is wrong. */
export function checkVector(vector: EncryptedVector, set: ParameterSet, where: string): void {
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
  const expected = Math.ceil(vector.length / set.valuesPerCiphertext);
  if (vector.ciphertexts.length !== expected)
    throw new CiphertextError(
      `${where}: number of ciphertexts: ${vector.ciphertexts.length} instead of ${expected} for ${vector.length} values.`,
    );
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
  const packed = set.id === 'bfv-pack23' || set.id === 'paillier-3072-lanes';
  if (packed && vectors.length > largestFieldSum)
    throw new RangeError(
      `${vectors.length} vectors: ${set.id} adds at most ${largestFieldSum}. Use ckks-add for more.`,
    );
}
