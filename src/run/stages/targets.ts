import { createHash } from 'node:crypto';
import { type ArtifactTree, encodeArtifact } from '../../store/artifact.ts';
import type { RunFolder } from '../../store/run-folder.ts';
import type { AuxiliaryKnowledge } from '../../view/auxiliary.ts';
import type { GroundTruth } from '../../view/ground-truth.ts';
import type { CellRecord } from '../records.ts';
import { type Claim, isComplete } from './shared-values.ts';

/**
 * Keeps the attacks' questions and the answers, with the model by whose features reconstructions are
 * judged, under a hash of all three, as the cells of a seed ask the same. Returns the hash.
 */
export async function storeTargets(
  folder: RunFolder,
  targets: {
    readonly auxiliary: AuxiliaryKnowledge;
    readonly truth: GroundTruth;
    /** The federation's final one, [N]; absent where no image is reconstructed. */
    readonly model?: Float32Array | undefined;
  },
  claim: Claim,
): Promise<string> {
  const hash = createHash('sha256');
  const { auxiliary, truth, model } = targets;
  for (const part of [auxiliary, truth, ...(model ? [model] : [])])
    hash.update(encodeArtifact(part as unknown as ArtifactTree));
  const key = hash.digest('hex').slice(0, 32);
  const stage = folder.targets(key);
  await claim(`targets/${key}`, async () => {
    if (!(await isComplete(stage)))
      await stage.complete({
        'auxiliary.bin': auxiliary,
        'truth.bin': truth,
        ...(model && { 'model.bin': model }),
      });
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

/** The final model's parameters, where they were kept. */
export async function readFinalModel(folder: RunFolder, { targets }: CellRecord) {
  const stage = folder.targets(targets);
  if (!(await stage.manifest()).files['model.bin']) return undefined;
  return (await stage.readArtifact('model.bin')) as Float32Array;
}
