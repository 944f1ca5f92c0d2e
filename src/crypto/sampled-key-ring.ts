import { randomStream } from '../engine/random.ts';
import { batchCryptCodec } from './paillier/codecs.ts';
import { ciphertextBytes } from './paillier/engine.ts';
import { fromBytes, toBytes } from './paillier/numbers.ts';
import { countCalls } from './roles.ts';
import {
  CiphertextError,
  type EncryptedVector,
  type KeyRing,
  type ParameterSet,
  type ParameterSetId,
} from './scheme.ts';
import type { SchemeOptions } from './scheme-options.ts';
import { checkAggregation, checkValues, checkVector } from './vector-checks.ts';

/** The set whose cost is worth sampling: some 70 ms per ciphertext of 191 values. */
const sampledSets: readonly ParameterSetId[] = ['paillier-3072-batchcrypt'];

/**
 * A key ring for cost studies: the first `realCiphertexts` of every vector are encrypted, added up and
 * decrypted for real, the others carry the very integers that would be encrypted, which are added up
 * exactly. Paillier is exact and its cost does not depend on the values, so results, rounding and
 * sizes are those of the full computation, and seconds are to be extrapolated
 * ({@link extrapolationFactor}). The emulated part hides nothing.
 *
 * @param ring a shared key ring of `paillier-3072-batchcrypt` with the same options
 */
export function sampleKeyRing(
  ring: KeyRing,
  options: SchemeOptions,
  realCiphertexts: number,
): KeyRing {
  const { parameterSet } = ring;
  checkSampling(parameterSet, realCiphertexts);
  const codec = batchCryptCodec(options);
  const perCiphertext = parameterSet.valuesPerCiphertext;
  const realValues = realCiphertexts * perCiphertext;
  const nextCall = countCalls();
  const isSampled = ({ length }: { length: number }) => length > realValues;

  /** The part of a vector that the ring knows. */
  const realPart = ({ emulated: _, ...vector }: EncryptedVector): EncryptedVector => ({
    ...vector,
    length: realValues,
    ciphertexts: vector.ciphertexts.slice(0, realCiphertexts),
  });
  const join = (real: EncryptedVector, length: number, rest: Uint8Array[]): EncryptedVector => ({
    ...real,
    length,
    ciphertexts: [...real.ciphertexts, ...rest],
    emulated: rest.length,
  });

  return {
    ...ring,
    encryptor: (client) => {
      const encryptor = ring.encryptor(client);
      return {
        async encrypt(values, weight = 1) {
          checkValues(values, parameterSet.largestValue);
          // Counted as the ring counts, so the rounding is that of the full computation.
          const call = nextCall(client);
          if (!isSampled(values)) return encryptor.encrypt(values, weight);
          const real = await encryptor.encrypt(values.slice(0, realValues), weight);
          const rest: Uint8Array[] = [];
          for (let start = realValues; start < values.length; start += perCiphertext) {
            const labels = ['rounding', client, call, realCiphertexts + rest.length];
            const random = randomStream(options.seed, ...labels);
            const part = values.subarray(start, start + perCiphertext);
            rest.push(toBytes(codec.encode(part, weight, random), ciphertextBytes));
          }
          return join(real, values.length, rest);
        },
      };
    },
    aggregator: () => {
      const aggregator = ring.aggregator();
      return {
        async weightedSum(vectors, weights) {
          checkAggregation(vectors, weights, parameterSet);
          const [first] = vectors;
          if (!first || !isSampled(first)) return aggregator.weightedSum(vectors, weights);
          const real = await aggregator.weightedSum(vectors.map(realPart), weights);
          const rest = first.ciphertexts.slice(realCiphertexts).map((_, at) =>
            toBytes(
              vectors.reduce(
                (sum, { ciphertexts }, k) =>
                  sum + emulatedInteger(ciphertexts, realCiphertexts + at, k),
                0n,
              ),
              ciphertextBytes,
            ),
          );
          return join(real, first.length, rest);
        },
      };
    },
    decryptor: (client) => {
      const decryptor = ring.decryptor(client);
      return {
        async decrypt(vector) {
          checkVector(vector, parameterSet, 'vector');
          if (!isSampled(vector)) return decryptor.decrypt(vector);
          const values = new Float64Array(vector.length);
          values.set(await decryptor.decrypt(realPart(vector)));
          for (let at = realCiphertexts; at < vector.ciphertexts.length; at++) {
            const start = at * perCiphertext;
            const decoded = codec.decode(emulatedInteger(vector.ciphertexts, at), vector.kind);
            values.set(decoded.subarray(0, vector.length - start), start);
          }
          return values;
        },
      };
    },
  };
}

/** @throws {RangeError} a set that is not sampled, or a number of ciphertexts that is none. */
export function checkSampling({ id }: ParameterSet, realCiphertexts: number): void {
  if (!sampledSets.includes(id))
    throw new RangeError(
      `Only ${sampledSets.join(', ')} can be encrypted in part, not ${id}: leave realCiphertexts out.`,
    );
  if (!(Number.isInteger(realCiphertexts) && realCiphertexts >= 1))
    throw new RangeError(`${realCiphertexts} real ciphertexts: give a whole number from 1.`);
}

/** By what measured seconds of a vector are to be multiplied: all ciphertexts over the real ones. */
export function extrapolationFactor({ ciphertexts, emulated = 0 }: EncryptedVector): number {
  return emulated === 0 ? 1 : ciphertexts.length / (ciphertexts.length - emulated);
}

/** @throws {CiphertextError} naming the ciphertext, if it is none of this ring's. */
function emulatedInteger(ciphertexts: readonly Uint8Array[], at: number, vector?: number): bigint {
  const bytes = ciphertexts[at];
  if (bytes?.length !== ciphertextBytes)
    throw new CiphertextError(
      `${vector === undefined ? 'vector' : `vector ${vector}`}, ciphertext ${at}: length: ${bytes?.length} bytes instead of ${ciphertextBytes}.`,
    );
  return fromBytes(bytes);
}
