import { defineAttack } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { deepLeakageParams, reconstructByDeepLeakage } from '../gradient-matching/deep-leakage.ts';

/** Image and soft label are recovered together, by matching the update they cause. */
export const dlg = defineAttack({
  meta: {
    id: 'dlg',
    version: 2,
    title: 'Deep leakage from gradients',
    source:
      'Zhu, Liu & Han 2019, algorithm 1 (x and label logits ~ N(0, 1), LBFGS lr 1, history 100, 300 × 20 ' +
      'evaluations). Differs: a backtracking line search, and several local steps are unrolled.',
    params: deepLeakageParams,
    kind: 'reconstruction',
    adversaries: readingAdversaries,
  },
  run: (_view, aux, context) => reconstructByDeepLeakage('dlg', aux, context, () => undefined),
});
