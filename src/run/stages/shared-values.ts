import { createHash } from 'node:crypto';
import type { AttackContext } from '../../api/attack.ts';
import { ArtifactError } from '../../store/artifact.ts';
import { canonicalJson } from '../../store/json.ts';
import type { RunFolder } from '../../store/run-folder.ts';
import type { StageFolder } from '../../store/stage-folder.ts';

/** Runs `work` while no other process of the run works under the same key. */
export type Claim = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** `AttackContext.once` over the run folder's `shared/`: a value is computed by one process only. */
export function sharedValues(folder: RunFolder, claim: Claim): AttackContext<unknown>['once'] {
  return (key, compute) => {
    const hash = createHash('sha256').update(canonicalJson(key)).digest('hex').slice(0, 32);
    const stage = folder.shared(hash);
    const file = `${hash}.bin`;
    return claim(hash, async () => {
      if (!(await isComplete(stage))) await stage.complete({ [file]: await compute() });
      return (await stage.readArtifact(file)) as Float32Array;
    });
  };
}

/** A damaged stage isn't complete: it is computed again. */
export async function isComplete(stage: StageFolder): Promise<boolean> {
  try {
    return await stage.verify();
  } catch (error) {
    if (error instanceof ArtifactError) return false;
    throw error;
  }
}
