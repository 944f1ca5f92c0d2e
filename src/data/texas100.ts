import { gitBlob } from './checksums.ts';
import { readRowsAndLabels } from './table-archives.ts';
import { tabularSource } from './tabular.ts';

/** The papers say 6,170 features; the files have 6,169 columns. */
const expected = { name: 'texas100', rows: 67_330, features: 6_169, classes: 100 };
const entries = { features: 'texas/100/feats', labels: 'texas/100/labels' };

/**
 * Texas100 (Shokri et al. 2017 §VI-A): hospital stays in Texas; the class is the main procedure, one
 * of the 100 most frequent.
 */
export const texas100 = tabularSource({
  id: 'texas100',
  title: 'Texas100 (hospital stays)',
  expected,
  archive: {
    file: 'dataset_texas.tgz',
    url: 'https://github.com/privacytrustlab/datasets/raw/master/dataset_texas.tgz',
    checksum: gitBlob('966f7ff40b24cf5912ff84759aab9adb8c25f30e'),
    read: (path, progress) => readRowsAndLabels(path, entries, expected, progress),
  },
});
