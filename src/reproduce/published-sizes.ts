import type { ParameterSetId } from '../crypto/scheme.ts';
import { findModel } from '../models/registry.ts';
import { ciphertextSize, uploadSize } from './ciphertext-size.ts';
import {
  bertBase,
  fedAvgCnn,
  fedMlHeResNet18,
  llama2,
  resNet50,
  vitBase,
} from './published-models.ts';
import type { Unit } from './quantities.ts';

/** The size of one upload that a paper reports, beside ours. */
export interface SizeRow {
  readonly what: string;
  readonly set: ParameterSetId;
  readonly values: number;
  /** Share of the values that is encrypted; the rest travels as float32. */
  readonly ratio: number;
  readonly ciphertexts: number;
  /** Ours, from the length of a real ciphertext. */
  readonly bytes: number;
  /** As printed, and in bytes with MB = 2^20 and GB = 2^30. */
  readonly published: string;
  readonly printed: readonly [amount: number, unit: Unit];
  readonly publishedBytes: number;
  /** Ours ÷ published - 1, with MB = 2^20 bytes and GB = 1024 MB. */
  readonly difference: number;
  /** The same with MB = 10^6 bytes and GB = 1024 MB. */
  readonly decimalDifference: number;
  /** The same with binary units and as many ciphertexts of the paper's own size. */
  readonly countDifference?: number;
  /** Bytes in the series that the authors plotted, where it has this row. */
  readonly plottedBytes?: number;
  /** Where a published number contradicts its own paper's arithmetic. */
  readonly note?: string;
}

/** Bytes per value ÷ 4, beside what MaskCrypt's Fig. 2 shows. */
export interface InflationRow {
  readonly set: ParameterSetId;
  readonly ours: number;
  readonly published: string;
  readonly note?: string;
}

export interface PublishedSizes {
  readonly inflations: readonly InflationRow[];
  readonly sizes: readonly SizeRow[];
}

const mebi = 2 ** 20;

/** MaskCrypt Fig. 3, MB; the ciphertexts are TenSEAL's, which SEAL compresses with zlib. */
const maskCrypt: readonly (readonly [title: string, ratio: number, megabytes: number])[] = [
  ['nothing encrypted', 0, 42.7],
  ['ρ = .2', 0.2, 209.83],
  ['all encrypted', 1, 871.94],
];

/**
 * One ciphertext of FedML-HE, bytes: its library (PALISADE) writes some 10 KiB more than SEAL. The
 * series that the authors plotted consists of multiples of it; its first one is a model of 101
 * parameters, and 407 of them are the 105.72 MiB of Table 8.
 */
export const fedMlHeCiphertextBytes = 272_384;

const cnn = fedAvgCnn();
const resNet = fedMlHeResNet18();
const vit = vitBase();

/** FedML-HE's Tables 4, 7 and 8. */
const fedMlHe: readonly (readonly [
  title: string,
  values: number,
  ratio: number,
  amount: number,
  unit: Unit,
  more?: { readonly note?: string; readonly plottedBytes?: number },
])[] = [
  [
    'Table 4, CNN',
    cnn,
    1,
    103.15,
    'MB',
    {
      note: 'contradicts Table 8 for the same model: 407 ciphertexts are needed, this is 397',
    },
  ],
  ['Table 8, CNN', cnn, 1, 105.72, 'MB', { plottedBytes: 110_860_288 }],
  ['Table 4, CNN, nothing encrypted', cnn, 0, 6.35, 'MB', { plottedBytes: 6_656_175 }],
  ['Table 4, ResNet-18', resNet, 1, 796.7, 'MB', { plottedBytes: 835_401_728 }],
  ['Table 4, ResNet-18, nothing encrypted', resNet, 0, 47.98, 'MB', { plottedBytes: 50_309_716 }],
  ['Table 4, ResNet-50', resNet50(), 1, 1.58, 'GB', { plottedBytes: 1_699_948_544 }],
  ['Table 4, ViT', vit, 1, 5.35, 'GB', { plottedBytes: 5_745_123_328 }],
  ['Table 4, BERT', bertBase(), 1, 6.78, 'GB', { plottedBytes: 7_280_824_320 }],
  ['Table 4, Llama-2', llama2(), 1, 417, 'GB'],
  ['Table 7, ViT, 0 %', vit, 0, 330, 'MB'],
  ['Table 7, ViT, 10 %', vit, 0.1, 844, 'MB'],
  ['Table 7, ViT, 30 %', vit, 0.3, 1.83, 'GB'],
  ['Table 7, ViT, 50 %', vit, 0.5, 2.83, 'GB'],
  ['Table 7, ViT, 70 %', vit, 0.7, 3.84, 'GB'],
  ['Table 7, ViT, 100 %', vit, 1, 5.35, 'GB'],
];

/** Sizes of one upload, from the bytes of real ciphertexts; nothing is trained. */
export async function publishedSizes(): Promise<PublishedSizes> {
  const [ckks, bfv, paillier, fedMlHeSet] = await Promise.all([
    ciphertextSize('ckks-tenseal'),
    ciphertextSize('bfv-maskcrypt'),
    ciphertextSize('paillier-3072'),
    ciphertextSize('ckks-fedmlhe'),
  ]);
  // The full state of MaskCrypt's model for CIFAR: parameters, running statistics, counters.
  const resNet18 = findModel('resnet-18').layout.size;

  const maskCryptRows = maskCrypt.map(([title, ratio, amount]) => {
    const size = uploadSize(resNet18, ratio, ckks.values);
    const bytes = size.ciphertexts * ckks.deflatedBytes + size.plainBytes + size.bitmapBytes;
    return {
      what: `MaskCrypt Fig. 3, ResNet-18, ${title}`,
      ...{ set: 'ckks-tenseal' as const, values: resNet18, ratio, bytes },
      ...{ ciphertexts: size.ciphertexts, ...against(bytes, amount, 'MB') },
    };
  });
  const fedMlHeRows = fedMlHe.map(([title, values, ratio, amount, unit, more]) => {
    const { ciphertexts, plainBytes } = uploadSize(values, ratio, fedMlHeSet.values);
    const bytes = ciphertexts * fedMlHeSet.bytes + plainBytes;
    const theirs = ciphertexts * fedMlHeCiphertextBytes + plainBytes;
    return {
      what: `FedML-HE ${title}`,
      ...{ set: 'ckks-fedmlhe' as const, values, ratio, ciphertexts, bytes },
      ...against(bytes, amount, unit),
      countDifference: against(theirs, amount, unit).difference,
      ...more,
    };
  });
  return {
    inflations: [
      { set: 'paillier-3072', ours: paillier.bytes / (4 * paillier.values), published: '~200×' },
      { set: 'ckks-tenseal', ours: ckks.deflatedBytes / (4 * ckks.values), published: '~20×' },
      {
        set: 'bfv-maskcrypt',
        ours: bfv.deflatedBytes / (4 * bfv.values),
        published: '~20×',
        note: 'Fig. 3 shows BFV below CKKS, which this contradicts; the BFV primes are not published',
      },
    ],
    sizes: [...maskCryptRows, ...fedMlHeRows],
  };
}

function against(bytes: number, amount: number, unit: Unit) {
  const megabytes = unit === 'GB' ? 1024 * amount : amount;
  return {
    published: `${amount} ${unit}`,
    printed: [amount, unit] as const,
    publishedBytes: megabytes * mebi,
    difference: bytes / (megabytes * mebi) - 1,
    decimalDifference: bytes / (megabytes * 1e6) - 1,
  };
}
