import type { Defense, Weighting } from '../api/defense.ts';
import { parameterSet } from '../crypto/parameter-sets.ts';

/** A set with a larger error (of a mean of clients' values) rounds or clips what is trained on. */
const LOSSY_ABOVE = 1e-5;

/**
 * Whether clients under this defense train on other models than under plain FedAvg. Such a cell trains
 * its own federation; all others run on one recorded training.
 *
 * @param weighting the federation's
 */
export function changesTraining<P, M>(
  defense: Defense<P, M>,
  params: P,
  weighting: Weighting,
): boolean {
  return (
    (defense.rest?.(params) ?? 'plaintext') !== 'plaintext' ||
    (defense.weighting?.(params) ?? weighting) !== weighting ||
    defense.training?.(params) !== undefined ||
    defense.transform?.(params) !== undefined ||
    defense.perturb?.(params) !== undefined ||
    defense.model?.(params) !== undefined ||
    parameterSet(defense.scheme(params)).precision > LOSSY_ABOVE
  );
}
