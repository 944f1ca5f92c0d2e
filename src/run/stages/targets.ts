import { createHash } from 'node:crypto';
import { type ArtifactTree, encodeArtifact } from '../../store/artifact.ts';
import type { RunFolder } from '../../store/run-folder.ts';
import type { AuxiliaryKnowledge } from '../../view/auxiliary.ts';
import type { GroundTruth } from '../../view/ground-truth.ts';
import type { CellRecord } from '../records.ts';
import { type Claim, isComplete } from './shared-values.ts';

/**
 * Keeps the attacks' questions and the answers under a hash of both, as the cells of a seed ask the
 * same. Returns the hash.
 */
export async function storeTargets(
  folder: RunFolder,
  targets: { readonly auxiliary: AuxiliaryKnowledge; readonly truth: GroundTruth },
  claim: Claim,
): Promise<string> {
  const hash = createHash('sha256');
  for (const part of [targets.auxiliary, targets.truth])
    hash.update(encodeArtifact(part as unknown as ArtifactTree));
  const key = hash.digest('hex').slice(0, 32);
  const stage = folder.targets(key);
  await claim(`targets/${key}`, async () => {
    if (!(await isComplete(stage)))
      await stage.complete({ 'auxiliary.bin': targets.auxiliary, 'truth.bin': targets.truth });
  });
  return key;
}

// The manifest vouches for what the protocol stage wrote.

export async function readAuxiliary(folder: RunFolder, { targets }: CellRecord) {
  const stored = await folder.targets(targets).readArtifact('auxiliary.bin');
  return stored as unknown as AuxiliaryKnowledge;
}

export async function readTruth(folder: RunFolder, { targets }: CellRecord) {
  const stored = await folder.targets(targets).readArtifact('truth.bin');
  return stored as unknown as GroundTruth;
}
