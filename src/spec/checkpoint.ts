import { resolve } from 'node:path';
import { fileChecksum } from '../data/checksums.ts';
import type { Finding } from './problems.ts';
import type { Specification } from './specification.ts';

type Checkpoint = NonNullable<Specification['checkpoint']>;

/** A checkpoint with its absolute path and the checksum it has, or what is wrong with it. */
export async function findCheckpoint(
  { file, sha256 }: Checkpoint,
  folder: string,
): Promise<Required<Checkpoint> | Finding> {
  const path = resolve(folder, file);
  const found = await fileChecksum(path, 'sha256').catch((error: NodeJS.ErrnoException) => error);
  const problem = (message: string): Finding => ({ path: ['checkpoint'], message });
  if (typeof found !== 'string')
    return problem(
      found.code === 'ENOENT'
        ? `there is no file ${path}; paths are relative to the experiment's file`
        : `${path} can't be read (${found.code ?? found.message})`,
    );
  if (sha256 !== undefined && sha256 !== found)
    return problem(`${path} is another file: its sha256 is ${found}, not ${sha256}`);
  return { file: path, sha256: found };
}
