import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DatasetError } from './errors.ts';

/** `git-blob`: git's id of a file, SHA-1 of `blob <bytes>\0` and the content. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'sha1' | 'md5' | 'git-blob';
  readonly hex: string;
}

export const sha256 = (hex: string): Checksum => ({ algorithm: 'sha256', hex });
export const sha1 = (hex: string): Checksum => ({ algorithm: 'sha1', hex });
export const md5 = (hex: string): Checksum => ({ algorithm: 'md5', hex });
export const gitBlob = (hex: string): Checksum => ({ algorithm: 'git-blob', hex });

export function checksumOf(bytes: Uint8Array, algorithm: Checksum['algorithm']): string {
  return opened(algorithm, bytes.length).update(bytes).digest('hex');
}

/** Reads a file in pieces: an archive may be larger than the memory. */
export async function fileChecksum(
  path: string,
  algorithm: Checksum['algorithm'],
): Promise<string> {
  const hash = opened(algorithm, (await stat(path)).size);
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}

/**
 * @param remedy what to do about a file with another sum; a sentence
 * @throws {DatasetError} naming file, both sums and remedy
 */
export function requireChecksum(
  what: string,
  found: string,
  { algorithm, hex }: Checksum,
  remedy: string,
): void {
  if (found !== hex)
    throw new DatasetError(
      `${what} is not the published file: its ${algorithm} should be ${hex} and is ${found}. ${remedy}`,
    );
}

function opened(algorithm: Checksum['algorithm'], bytes: number) {
  return algorithm === 'git-blob'
    ? createHash('sha1').update(`blob ${bytes}\0`)
    : createHash(algorithm);
}
