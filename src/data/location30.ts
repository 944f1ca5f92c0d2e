import { gitBlob } from './checksums.ts';
import { readLabelledRows } from './table-archives.ts';
import { type Table, tabularSource } from './tabular.ts';

const expected = {
  name: 'location30',
  rows: 5_010,
  features: 446,
  classes: 30,
  sums: {
    features: '2b148dd312ef19d824f625023914c1ca47e7539c2cd9bba7aa7b0d9b0f242409',
    labels: 'fdd366c228dc3e41ca998a3fd5ef9f43e13e465449bb5e4fcf0e1c598f268268',
  },
};

/**
 * Location30 (Shokri et al. 2017 §VI-A): places and kinds of places a user of a social network was
 * at in Bangkok, grouped into 30 classes of users.
 */
export const locationTable: Table = {
  id: 'location30',
  title: 'Location30 (Bangkok check-ins)',
  expected,
  archive: {
    file: 'dataset_location.tgz',
    url: 'https://github.com/privacytrustlab/datasets/raw/master/dataset_location.tgz',
    checksum: gitBlob('0cfc2caa0c8c8569cd68a5d4ab369a98c1f98447'),
    read: (path, progress) => readLabelledRows(path, 'bangkok', expected, progress),
  },
};

export const location30 = tabularSource(locationTable);
