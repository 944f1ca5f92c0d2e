import { deflateSync } from 'node:zlib';
import { openGroupKeyRing, openKeyRing } from '../crypto/key-ring.ts';
import type { ParameterSetId } from '../crypto/scheme.ts';

/** One full ciphertext, encrypted for real. */
export interface CiphertextSize {
  readonly values: number;
  readonly bytes: number;
  /** After zlib, which SEAL and so TenSEAL apply by default. */
  readonly deflatedBytes: number;
}

const measured = new Map<ParameterSetId, Promise<CiphertextSize>>();

/** Size of a full ciphertext of a parameter set; each is encrypted once per process. */
export function ciphertextSize(set: ParameterSetId): Promise<CiphertextSize> {
  const size = measured.get(set) ?? encryptOne(set);
  measured.set(set, size);
  return size;
}

async function encryptOne(set: ParameterSetId): Promise<CiphertextSize> {
  // Joint and threshold keys give ciphertexts of the same size.
  const ring = await openKeyRing('shared', set, { clients: 1, workers: 0 });
  const { valuesPerCiphertext } = ring.parameterSet;
  const values = Float32Array.from({ length: valuesPerCiphertext }, (_, at) => Math.sin(at));
  const { ciphertexts } = await ring.encryptor(0).encrypt(values, 1);
  await ring.close();
  const [ciphertext] = ciphertexts;
  if (!ciphertext || ciphertexts.length !== 1)
    throw new RangeError(
      `${values.length} values of ${set} gave ${ciphertexts.length} ciphertexts`,
    );
  return {
    values: valuesPerCiphertext,
    bytes: ciphertext.length,
    deflatedBytes: deflateSync(ciphertext).length,
  };
}

/** Bytes that each client of a joint key sends, receives and sends again for one ciphertext. */
export interface JointRoundSize {
  readonly values: number;
  readonly upload: number;
  readonly download: number;
  readonly partialDecryption: number;
}

/** One full ciphertext of two clients, encrypted, added and partially decrypted for real. */
export async function jointRoundSize(): Promise<JointRoundSize> {
  const clients = [0, 1];
  const ring = await openGroupKeyRing('joint', 'ckks-threshold', { clients: 2, workers: 0 });
  try {
    const length = ring.parameterSet.valuesPerCiphertext;
    const values = Float32Array.from({ length }, (_, at) => Math.sin(at));
    const uploads = await Promise.all(
      clients.map((client) => ring.encryptor(client, clients).encrypt(values, 0.5)),
    );
    const aggregate = await ring.aggregator().weightedSum(uploads, [0.5, 0.5]);
    const share = await ring.shareHolder(0).share(aggregate, clients);
    return {
      values: length,
      upload: totalBytes(uploads[0]?.ciphertexts ?? []),
      download: totalBytes(aggregate.ciphertexts),
      partialDecryption: totalBytes(share.payloads),
    };
  } finally {
    await ring.close();
  }
}

const totalBytes = (parts: readonly Uint8Array[]) =>
  parts.reduce((sum, { length }) => sum + length, 0);

/** One upload of `values` weights of which a share is encrypted. */
export interface UploadSize {
  readonly ciphertexts: number;
  /** Bytes of the rest as float32. */
  readonly plainBytes: number;
  /** One bit per value says which are encrypted, where not all or none are. */
  readonly bitmapBytes: number;
}

export function uploadSize(values: number, ratio: number, perCiphertext: number): UploadSize {
  const encrypted = Math.round(ratio * values);
  return {
    ciphertexts: Math.ceil(encrypted / perCiphertext),
    plainBytes: 4 * (values - encrypted),
    bitmapBytes: encrypted === 0 || encrypted === values ? 0 : Math.ceil(values / 8),
  };
}
