import { deflateSync } from 'node:zlib';
import { openKeyRing } from '../src/crypto/key-ring.ts';
import { parameterSet } from '../src/crypto/parameter-sets.ts';
import type { ParameterSetId } from '../src/crypto/scheme.ts';

/** A size that a paper reports, beside ours. */
export interface SizeRow {
  readonly what: string;
  readonly set: ParameterSetId;
  readonly values: number;
  /** Share of the values that is encrypted; the rest travels as float32. */
  readonly ratio: number;
  readonly mebibytes: number;
  /** MiB; absent where we have no published number to hold ours against. */
  readonly published?: number;
}

const mebi = 2 ** 20;

/** MaskCrypt Fig. 2 and 3: the full state of ResNet-18 for CIFAR, TenSEAL's zlib serialisation. */
const maskCrypt = [
  { what: 'MaskCrypt Fig. 2, ResNet-18, all encrypted', ratio: 1, published: 871.94 },
  { what: 'MaskCrypt Fig. 3, ResNet-18, ρ = .2', ratio: 0.2, published: 209.83 },
] as const;
const resNet18 = 11_183_582;

/** Models of FedML-HE Table 4 whose parameter counts the suite asserts. */
const fedMlHe = [
  ['Linear Model', 101],
  ['MLP (2 FC)', 79_510],
  ['LeNet', 88_648],
  ['RNN', 822_570],
  ['CNN (2 conv + 2 FC)', 1_663_370],
] as const;

/** Bytes of one ciphertext of random values after zlib, as SEAL's own compression stores it. */
async function deflatedCiphertextBytes(set: ParameterSetId): Promise<number> {
  const ring = await openKeyRing('shared', set, { clients: 1, workers: 0 });
  const values = Float32Array.from({ length: ring.parameterSet.valuesPerCiphertext }, (_, at) =>
    Math.sin(at),
  );
  const { ciphertexts } = await ring.encryptor(0).encrypt(values);
  await ring.close();
  return ciphertexts.reduce((sum, bytes) => sum + deflateSync(bytes).length, 0);
}

/** Sizes of one upload, from the bytes of real ciphertexts; nothing is trained. */
export async function publishedSizes(): Promise<SizeRow[]> {
  const deflated = await deflatedCiphertextBytes('ckks-tenseal');
  const upload = (set: ParameterSetId, values: number, ratio: number, ciphertext: number) => {
    const encrypted = Math.round(ratio * values);
    const count = Math.ceil(encrypted / parameterSet(set).valuesPerCiphertext);
    return (count * ciphertext + 4 * (values - encrypted)) / mebi;
  };
  const set = parameterSet('ckks-fedmlhe');
  return [
    ...maskCrypt.map(({ what, ratio, published }) => ({
      what,
      set: 'ckks-tenseal' as const,
      values: resNet18,
      ratio,
      mebibytes: upload('ckks-tenseal', resNet18, ratio, deflated),
      published,
    })),
    ...fedMlHe.map(([model, values]) => ({
      what: `FedML-HE Table 4, ${model}, all encrypted`,
      set: set.id,
      values,
      ratio: 1,
      mebibytes: upload(set.id, values, 1, set.ciphertextBytes),
    })),
  ];
}
