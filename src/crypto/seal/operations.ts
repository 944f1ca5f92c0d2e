/** Serialised key, named so that every worker loads it once. */
export interface KeyMaterial {
  readonly id: number;
  readonly kind: 'public' | 'secret';
  readonly bytes: Uint8Array;
}

/** What a SEAL instance can be asked, as plain bytes and numbers that cross a thread border. */
export interface SealOperations {
  generateKeys: {
    input: Record<string, never>;
    output: { secretKey: Uint8Array; publicKey: Uint8Array };
  };
  /** Values of consecutive ciphertexts; the last one may be short. */
  encrypt: {
    input: { key: number; values: Float32Array; weight: number };
    output: { ciphertexts: Uint8Array[] };
  };
  /** One ciphertext of every vector per column; `vectors` are the numbers errors name them by. */
  weightedSum: {
    input: { columns: Uint8Array[][]; vectors: number[]; weights: number[]; firstColumn: number };
    output: { ciphertexts: Uint8Array[] };
  };
  decrypt: {
    input: { key: number; ciphertexts: Uint8Array[]; length: number; first: number };
    output: { values: Float64Array };
  };
}

export type SealOperation = keyof SealOperations;
export type SealInput<O extends SealOperation> = SealOperations[O]['input'];
export type SealOutput<O extends SealOperation> = SealOperations[O]['output'];

/** Buffers inside a message that change owner instead of being copied. */
export function transferables(message: object): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  const visit = (value: unknown) => {
    if (ArrayBuffer.isView(value)) buffers.push(value.buffer as ArrayBuffer);
    else if (Array.isArray(value)) for (const item of value) visit(item);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(visit);
  };
  visit(message);
  return buffers;
}
