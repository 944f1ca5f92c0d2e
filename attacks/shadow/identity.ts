import { createHash } from 'node:crypto';
import type { LabelledSamples } from '../../src/data/dataset.ts';

/**
 * Names what a model of the attacker's own is made from: its data and the public initial model.
 * Cells share such models where this is equal, and draw the random numbers of their training from
 * it, so that several attacks on the same questions share them too.
 */
export function identityOf(
  initialModel: Float32Array,
  ...data: readonly LabelledSamples[]
): string {
  const hash = createHash('sha256').update(initialModel);
  for (const { inputs, labels } of data) hash.update(inputs).update(labels);
  return hash.digest('hex').slice(0, 32);
}
