import { probeOf } from './images.ts';
import { shareMetric } from './share.ts';

/**
 * Share of probe images whose class the attack names rightly; within a batch, whatever its order.
 *
 * Source: Zhao et al. 2020 (iDLG), Table 1.
 */
export const labelAccuracy = shareMetric(
  {
    id: 'label-accuracy',
    version: 2,
    title: 'Labels recovered',
    unit: 'share',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source: 'Zhao et al. 2020 (iDLG); Clopper–Pearson over probe images',
  },
  ({ targets }, truth) => {
    if (targets.every(({ labels }) => labels.every((label) => label === -1))) return null;
    const actual = targets.map((target) => probeOf(target, truth).labels);
    return {
      hits: targets.reduce((sum, { labels }, at) => sum + inCommon(labels, actual[at]), 0),
      n: actual.reduce((sum, { length }) => sum + length, 0),
    };
  },
);

/** Size of the intersection, each label as often as both have it: a batch has no order. */
function inCommon(guessed: Int32Array, actual: Int32Array = new Int32Array()): number {
  const left = [...actual];
  return guessed.reduce((count, label) => {
    const at = left.indexOf(label);
    if (at < 0) return count;
    left.splice(at, 1);
    return count + 1;
  }, 0);
}
