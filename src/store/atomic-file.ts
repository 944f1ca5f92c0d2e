import { mkdirSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

let written = 0;

/**
 * Writes a file so that its name only ever stands for complete content: under a temporary name,
 * forced to disk, then renamed. Two processes may write the same file; the last one wins.
 */
export async function writeFileAtomically(path: string, content: Uint8Array | string) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${written++}.tmp`);
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Removes what a killed process left under temporary names. Only while no other one writes. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && /^\..+\.\d+-\d+\.tmp$/.test(entry.name))
      await rm(join(entry.parentPath, entry.name), { force: true });
}
