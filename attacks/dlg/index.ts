import { defineAttack } from '../../src/api/attack.ts';
import { deepLeakage, deepLeakageParams } from '../gradient-matching/deep-leakage.ts';
import { reconstructEachProbe } from '../gradient-matching/each-probe.ts';
import { matchingProblem } from '../gradient-matching/problem.ts';
import { ProgramShelf } from '../gradient-matching/program-shelf.ts';

/** Image and soft label are recovered together, by matching the update they cause. */
export const dlg = defineAttack({
  meta: {
    id: 'dlg',
    version: 1,
    title: 'Deep leakage from gradients',
    source:
      'Zhu, Liu & Han 2019, algorithm 1 (x and label logits ~ N(0, 1), LBFGS lr 1, history 100). ' +
      'Differs: a backtracking line search, 1,200 evaluations where the paper allows 300 × 20, and ' +
      'several local steps are unrolled.',
    params: deepLeakageParams,
    kind: 'reconstruction',
    adversaries: ['stale', 'global-fill', 'mask-aware', 'oracle'],
  },
  async run(_view, aux, context) {
    const programs = new ProgramShelf(context.engine);
    try {
      return await reconstructEachProbe('dlg', aux, context, (update, random, progress) => {
        const problem = matchingProblem(context.model, update, undefined);
        return deepLeakage(problem, update, undefined, context, programs, random, progress);
      });
    } finally {
      await programs.dispose();
    }
  },
});
