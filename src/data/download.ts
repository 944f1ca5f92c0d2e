import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Checksum, fileChecksum, requireChecksum } from './checksums.ts';
import { DatasetError } from './errors.ts';
import { fileSize } from './file-size.ts';
import type { DataProgress } from './source.ts';

/** A published file. */
export interface OfficialFile {
  readonly url: string;
  readonly checksum: Checksum;
}

/**
 * Brings an official file to `path`, unless it is there, and verifies it. What arrives is kept in
 * `path.part`: after a broken connection the same call goes on where it ended, if the server can.
 *
 * @throws {DatasetError} naming the file, its address and where to put it by hand
 */
export async function download(
  { url, checksum }: OfficialFile,
  path: string,
  progress: DataProgress,
): Promise<void> {
  if (await fileSize(path)) {
    const found = await fileChecksum(path, checksum.algorithm);
    requireChecksum(path, found, checksum, 'Delete it, then get the data set again.');
    return;
  }
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  await fetchRest(url, part, progress).catch((cause: Error) => {
    const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
    throw new DatasetError(
      `${basename(path)} can't be downloaded from ${url} (${reason}). Try again to go on where it ended, or put the file into ${dirname(path)} yourself; it is verified there.`,
      { cause },
    );
  });
  const found = await fileChecksum(part, checksum.algorithm);
  if (found !== checksum.hex) await rm(part);
  requireChecksum(`What ${url} gave`, found, checksum, 'It was thrown away; try again.');
  await rename(part, path);
}

/** Appends to `part` what is missing of the file. */
async function fetchRest(url: string, part: string, progress: DataProgress): Promise<void> {
  const have = (await fileSize(part)) ?? 0;
  const response = await fetch(url, have > 0 ? { headers: { range: `bytes=${have}-` } } : {});
  // The part is the whole file already, or something else: its checksum tells.
  if (response.status === 416) return;
  if (!response.ok || !response.body)
    throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
  const resumed =
    response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`);
  let done = resumed ? have : 0;
  const length = Number(response.headers.get('content-length'));
  const total = length > 0 ? done + length : undefined;
  await pipeline(
    Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
    async function* (pieces: AsyncIterable<Uint8Array>) {
      for await (const piece of pieces) {
        done += piece.length;
        progress(`downloading ${basename(url)}`, done, total);
        yield piece;
      }
    },
    createWriteStream(part, { flags: resumed ? 'a' : 'w' }),
  );
}
