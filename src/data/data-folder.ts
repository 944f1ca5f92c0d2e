import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where data files are kept that don't come with the package: `HEFL_DATA`, or `hefl-bench` in the
 * user's cache folder (`XDG_CACHE_HOME`, by default `~/.cache`).
 */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { HEFL_DATA, XDG_CACHE_HOME } = environment;
  if (HEFL_DATA) return resolve(HEFL_DATA);
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'hefl-bench');
}
