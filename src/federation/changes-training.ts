import type { Defense } from '../api/defense.ts';
import { parameterSet } from '../crypto/parameter-sets.ts';
import type { Specification } from '../spec/specification.ts';

/** A set with a larger error (of a mean of clients' values) rounds or clips what is trained on. */
const LOSSY_ABOVE = 1e-5;

/**
 * Whether clients under this defense train on other models than under plain FedAvg. Such a cell trains
 * its own federation; all others run on one recorded training. Under keys that single clients can't
 * replace, dropouts lose rounds.
 */
export function changesTraining<P, M>(
  defense: Defense<P, M>,
  params: P,
  federation: Pick<Specification['federation'], 'weighting' | 'dropout'>,
): boolean {
  const { weighting, dropout } = federation;
  const { setup } = defense.keys(params);
  const replaceable = setup === 'none' || setup === 'shared';
  return (
    (!replaceable && Object.values(dropout).some((rate) => rate > 0)) ||
    (defense.rest?.(params) ?? 'plaintext') !== 'plaintext' ||
    (defense.weighting?.(params) ?? weighting) !== weighting ||
    defense.training?.(params) !== undefined ||
    defense.transform?.(params) !== undefined ||
    defense.perturb?.(params) !== undefined ||
    defense.model?.(params) !== undefined ||
    parameterSet(defense.scheme(params)).precision > LOSSY_ABOVE
  );
}
