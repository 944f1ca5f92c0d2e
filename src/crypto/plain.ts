import { parameterSet } from './parameter-sets.ts';
import {
  type Aggregator,
  CiphertextError,
  type Decryptor,
  type EncryptedVector,
  type Encryptor,
  type KeyRing,
} from './scheme.ts';
import { checkAggregation, checkValues, checkVector } from './vector-checks.ts';

const set = parameterSet('plain');

/** No encryption: float32 values travel as little-endian bytes, sums are taken in float64. */
export function openPlainRing(): KeyRing {
  return {
    keySetup: 'none',
    parameterSet: set,
    keyBytes: { perClient: 0, server: 0 },
    encryptor: () => encryptor,
    aggregator: () => aggregator,
    decryptor: () => decryptor,
    close: async () => {},
  };
}

const encryptor: Encryptor = {
  async encrypt(values) {
    checkValues(values, set.largestValue);
    return pack(values, 'upload');
  },
};

const aggregator: Aggregator = {
  async weightedSum(vectors, weights) {
    checkAggregation(vectors, weights, set);
    const sum = new Float64Array(vectors[0]?.length ?? 0);
    vectors.forEach((vector, k) => {
      const weight = weights[k] as number;
      unpack(vector, `vector ${k}`).forEach((value, at) => {
        sum[at] = (sum[at] as number) + weight * value;
      });
    });
    return pack(Float32Array.from(sum), 'aggregate');
  },
};

const decryptor: Decryptor = {
  async decrypt(vector) {
    checkVector(vector, set, 'vector');
    return Float64Array.from(unpack(vector, 'vector'));
  },
};

function pack(values: Float32Array, kind: EncryptedVector['kind']): EncryptedVector {
  const ciphertexts: Uint8Array[] = [];
  for (let start = 0; start < values.length; start += set.valuesPerCiphertext) {
    const part = values.slice(start, start + set.valuesPerCiphertext);
    ciphertexts.push(new Uint8Array(part.buffer));
  }
  return { parameterSet: set.id, kind, length: values.length, weight: 1, ciphertexts };
}

function unpack(vector: EncryptedVector, where: string): Float32Array {
  const values = new Float32Array(vector.length);
  vector.ciphertexts.forEach((bytes, index) => {
    const start = index * set.valuesPerCiphertext;
    const count = Math.min(set.valuesPerCiphertext, vector.length - start);
    if (bytes.length !== 4 * count)
      throw new CiphertextError(
        `${where}, ciphertext ${index}: length: ${bytes.length} bytes instead of ${4 * count}.`,
      );
    const part = new Float32Array(bytes.slice().buffer);
    const at = part.findIndex((value) => !Number.isFinite(value));
    if (at !== -1)
      throw new CiphertextError(
        `${where}, ciphertext ${index}: value ${at} is ${part[at]}, not a finite number.`,
      );
    values.set(part, start);
  });
  return values;
}
