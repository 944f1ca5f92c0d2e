import { gitBlob } from './checksums.ts';
import { readLabelledRows } from './table-archives.ts';
import { tabularSource } from './tabular.ts';

const expected = { name: 'purchase100', rows: 197_324, features: 600, classes: 100 };

/**
 * Purchase100 (Shokri et al. 2017 §VI-A): which of 600 products a shopper bought, grouped into 100
 * classes of shoppers.
 */
export const purchase100 = tabularSource({
  id: 'purchase100',
  title: 'Purchase100',
  expected,
  archive: {
    file: 'dataset_purchase.tgz',
    url: 'https://github.com/privacytrustlab/datasets/raw/master/dataset_purchase.tgz',
    checksum: gitBlob('3efa7476ad5ed7ac3e558d28585a186b38fc5f19'),
    read: (path, progress) => readLabelledRows(path, 'dataset_purchase', expected, progress),
  },
});
