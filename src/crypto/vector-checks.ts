import { CiphertextError, type EncryptedVector, type ParameterSet } from './scheme.ts';

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
  if (vector.parameterSet !== set.id)
    throw new CiphertextError(
      `${where}: parameter set: "${vector.parameterSet}" instead of "${set.id}".`,
    );
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
}
