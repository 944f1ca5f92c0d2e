import { mkdirSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTemporaryFiles, writeFileAtomically } from './atomic-file.ts';
import { stringifyJson } from './json.ts';
import { StageFolder } from './stage-folder.ts';

/** Another `hefl run` is writing the folder. */
export class RunFolderBusy extends Error {
  override readonly name = 'RunFolderBusy';
}

/** The folder can't be made: a file is in the way, or it may not be written. */
export class RunFolderUnusable extends Error {
  override readonly name = 'RunFolderUnusable';
}

/**
 * `runs/<name>/`:
 *
 *     original.yaml               the specification as given
 *     specification.yaml          the same with every default written out
 *     environment.json            versions, git state, hardware
 *     sessions.json               when it was worked on, and for how long
 *     pretrained/<hash>/          initial models that were trained on public data
 *     trajectories/<hash>/        recorded trainings
 *     cells/<hash>/               one defense under one seed: ledger, and what its protocol did
 *     targets/<hash>/             what attacks are asked, what they know besides, and the truth
 *     views/<hash>/               what the server saw of a cell; there only while attacks read it
 *     attacks/<key>/              one attack on one exposure; cells that expose the same share it
 *     shared/<hash>.bin           what attacks computed from their own data alone
 *     timings.json                measured seconds and memory of every kind of task
 *     logs/                       stacks and last output of what failed
 *     results.json results.csv report.html
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  pretrained(hash: string): StageFolder {
    return new StageFolder(this.file('pretrained', hash), 'pretraining', hash);
  }

  trajectory(hash: string): StageFolder {
    return new StageFolder(this.file('trajectories', hash), 'trajectory', hash);
  }

  protocol(cellHash: string): StageFolder {
    return new StageFolder(this.file('cells', cellHash), 'protocol/2', cellHash);
  }

  targets(hash: string): StageFolder {
    return new StageFolder(this.file('targets', hash), 'targets', hash);
  }

  view(cellHash: string): StageFolder {
    return new StageFolder(this.file('views', cellHash), 'view', cellHash);
  }

  attack(key: string): StageFolder {
    return new StageFolder(this.file('attacks', key), 'attack', key);
  }

  results(key: string): StageFolder {
    return new StageFolder(this.path, 'results', key, 'results.manifest.json');
  }

  shared(key: string): StageFolder {
    return new StageFolder(this.file('shared'), 'shared', key, `${key}.json`);
  }

  /** Freezes what the run is made from. */
  async freeze(frozen: {
    /** As the user gave it. */
    readonly original: { readonly text: string; readonly extension: string };
    /** With every default written out; loads as the same experiment. */
    readonly specification: string;
    readonly environment: unknown;
  }): Promise<void> {
    const { original, specification, environment } = frozen;
    await writeFileAtomically(this.file(`original${original.extension}`), original.text);
    await writeFileAtomically(this.file('specification.yaml'), specification);
    await writeFileAtomically(this.file('environment.json'), stringifyJson(environment));
  }

  /**
   * Keeps other processes from writing the folder until the returned function is called; a lock
   * whose process is gone doesn't count.
   * @throws {RunFolderBusy | RunFolderUnusable}
   */
  async lock(): Promise<() => Promise<void>> {
    try {
      mkdirSync(this.path, { recursive: true });
    } catch (cause) {
      throw new RunFolderUnusable(
        `The folder ${this.path} can't be made (${(cause as NodeJS.ErrnoException).code}). Give another folder of runs with --runs.`,
        { cause },
      );
    }
    const path = this.file('lock');
    for (let attempt = 0; ; attempt++) {
      try {
        const file = await open(path, 'wx');
        await file.writeFile(String(process.pid));
        await file.close();
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const owner = Number(await readFile(path, 'utf8').catch(() => ''));
        if (attempt > 0 || (owner > 0 && isAlive(owner)))
          throw new RunFolderBusy(
            `${this.path} is being written by another hefl run (process ${owner}). Wait for it, or give this run another name.`,
          );
        await rm(path, { force: true });
      }
    }
    await removeTemporaryFiles(this.path);
    return () => rm(path, { force: true });
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
