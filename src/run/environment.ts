import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { RunResults } from '../api/results.ts';
import { packageFolder } from '../platform/import-module.ts';

const require = createRequire(import.meta.url);

function versionOf(manifestPath: string): string {
  return (JSON.parse(readFileSync(manifestPath, 'utf8')) as { version: string }).version;
}

export const heflVersion = versionOf(join(packageFolder, 'package.json'));

/** The commit checked out in `folder`, with `-dirty` appended; null outside a checkout. */
export function gitState(folder: string): string | null {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const commit = git('rev-parse', 'HEAD').trim();
    return git('status', '--porcelain').trim() ? `${commit}-dirty` : commit;
  } catch {
    return null; // No git, or no checkout: there is no state to tell.
  }
}

/** What the numbers of a run depend on besides its specification. */
export function describeEnvironment(engine: string): RunResults['environment'] {
  return {
    heflVersion,
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? process.arch,
    cores: availableParallelism(),
    engine,
    heLibrary: `node-seal ${versionOf(require.resolve('node-seal/package.json'))}`,
    git: gitState(process.cwd()),
  };
}

/** Share of the machine's memory that all processes of a run may use together. */
const MEMORY_SHARE = 0.85;

export function memoryPerProcess(jobs: number): number {
  return Math.floor((totalmem() * MEMORY_SHARE) / jobs);
}
