/** A data file that is missing, that can't be fetched, or whose bytes are not the published ones. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
}
