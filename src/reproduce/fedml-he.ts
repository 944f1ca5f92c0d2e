import { ciphertextSize, uploadSize } from './ciphertext-size.ts';
import type { ExactPreset, Preset, ReproducedRow } from './preset.ts';
import { fedMlHeCiphertextBytes, publishedSizes } from './published-sizes.ts';
import { bothUnits, signedPercent, sizeRow } from './quantities.ts';

const SOURCE = 'FedML-HE (2023)';

const setting = (bytes: number) => [
  `ckks-fedmlhe, one ciphertext of 4096 values encrypted for real: ${bytes.toLocaleString('en')} B; the rest as float32`,
  `theirs: PALISADE's ${fedMlHeCiphertextBytes.toLocaleString('en')} B; "their ciphertext" compares with as many of those`,
];

/** The rows of a table whose sizes follow from parameter counts. */
function sizesOf(table: number, title: string): ExactPreset {
  return {
    kind: 'exact',
    id: `fedml-he/table-${table}`,
    title,
    source: SOURCE,
    async reproduce() {
      const { sizes } = await publishedSizes();
      const { bytes } = await ciphertextSize('ckks-fedmlhe');
      const prefix = `FedML-HE Table ${table}, `;
      const rows = sizes
        .filter(({ what }) => what.startsWith(prefix))
        .map((size): ReproducedRow => {
          const row = sizeRow(size.what.slice(prefix.length), size.printed, size.bytes, {
            ciphertexts: size.ciphertexts,
          });
          const count = size.countDifference;
          const notes = [
            ...(count === undefined ? [] : [`their ciphertext: ${signedPercent(count)}`]),
            ...(size.note ? [size.note] : []),
          ];
          return { ...row, note: notes.join('; ') };
        });
      return {
        setting: setting(bytes),
        rows,
        notes: ['Seconds are not compared here: hefl run measures them on this machine.'],
      };
    },
  };
}

/** Table 5: what is left to send, MB. */
const table5: ExactPreset = {
  kind: 'exact',
  id: 'fedml-he/table-5',
  title: 'Table 5: what DoubleSqueeze and LoRA leave to encrypt',
  source: SOURCE,
  async reproduce() {
    const { values, bytes } = await ciphertextSize('ckks-fedmlhe');
    const k = 1_000_000;
    const ratio = 0.3;
    const squeezed = uploadSize(k, ratio, values);
    const encryptedOnly = squeezed.ciphertexts * bytes;
    const whole = encryptedOnly + squeezed.plainBytes + squeezed.bitmapBytes + 4 * k;
    const theirs = ((ratio * k) / values) * fedMlHeCiphertextBytes;
    // Rank 8 on query and value of BERT-base's 12 layers: two matrices of 768 × 8 each.
    const lora = 12 * 2 * 2 * 768 * 8;
    const adapters = uploadSize(lora, 1, values);
    const loraCiphertexts = (16.66 * 2 ** 20) / fedMlHeCiphertextBytes;
    return {
      setting: [
        ...setting(bytes),
        'DoubleSqueeze: k = 1,000,000 of ResNet-18’s weights, 30 % of them encrypted',
        'LoRA: the paper names no rank; ours is rank 8 on query and value, all encrypted',
      ],
      rows: [
        sizeRow('ResNet-18, DoubleSqueeze, encrypted part alone', [19.03, 'MB'], encryptedOnly, {
          ciphertexts: squeezed.ciphertexts,
          note: `.3 k ÷ 4096 × their ciphertext = ${bothUnits(theirs)}: the published number counts the encrypted 30 % only`,
        }),
        sizeRow('ResNet-18, DoubleSqueeze, all that travels', null, whole, {
          ciphertexts: squeezed.ciphertexts,
          note: 'with the other 70 % of the values, 4 bytes for the position of each of the k, and which are encrypted',
        }),
        sizeRow('BERT, LoRA', [16.66, 'MB'], adapters.ciphertexts * bytes, {
          ciphertexts: adapters.ciphertexts,
          note: `published: ${loraCiphertexts.toFixed(1)} of their ciphertexts, about ${Math.round((loraCiphertexts * values) / 1000)},000 values if all are encrypted; ours: ${lora.toLocaleString('en')}`,
        }),
      ],
      notes: ['Before: 796.70 MB (ResNet-18) and 6.78 GB (BERT), see fedml-he/table-4.'],
    };
  },
};

export const fedMlHePresets: readonly Preset[] = [
  sizesOf(4, 'Table 4: size of one encrypted model'),
  table5,
  sizesOf(7, 'Table 7: size of one upload by encrypt ratio, ViT'),
  sizesOf(8, 'Table 8: size of one encrypted CNN'),
];
