import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checksumOf, requireChecksum } from '../checksums.ts';
import type { OfficialFile } from '../download.ts';
import { DatasetError } from '../errors.ts';

/**
 * Reads a published file of text, verified.
 *
 * @param dataset that `hefl data get` brings it with
 * @throws {DatasetError} when it is missing or is not the published one, with what to do
 */
export async function readPublishedText(
  { url, checksum }: OfficialFile,
  path: string,
  dataset: string,
): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new DatasetError(
      `${path} is not there yet. "hefl data get ${dataset}" downloads it from ${url}; or put that file into ${dirname(path)} under this name. HEFL_DATA names another folder for data.`,
    );
  });
  const found = checksumOf(bytes, checksum.algorithm);
  requireChecksum(path, found, checksum, 'Delete it, then get the data set again.');
  return bytes.toString('utf8');
}
