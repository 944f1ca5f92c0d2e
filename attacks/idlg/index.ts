import { defineAttack } from '../../src/api/attack.ts';
import { deepLeakage, deepLeakageParams } from '../gradient-matching/deep-leakage.ts';
import { reconstructEachProbe } from '../gradient-matching/each-probe.ts';
import { inferLabels } from '../gradient-matching/label-inference.ts';
import { matchingProblem } from '../gradient-matching/problem.ts';
import { ProgramShelf } from '../gradient-matching/program-shelf.ts';

/** The label is read off the last layer; then the image alone is recovered as in DLG. */
export const idlg = defineAttack({
  meta: {
    id: 'idlg',
    version: 1,
    title: 'Improved deep leakage from gradients',
    source:
      'Zhao, Mopuri & Bilen 2020, §3 (label = the class of negative bias gradient), then Zhu, Liu & ' +
      'Han 2019. Differs: the weight gradients stand in where a bias is encrypted; a label that ' +
      'stays open is optimised as in DLG.',
    params: deepLeakageParams,
    kind: 'reconstruction',
    adversaries: ['stale', 'global-fill', 'mask-aware', 'oracle'],
  },
  async run(_view, aux, context) {
    const programs = new ProgramShelf(context.engine);
    try {
      return await reconstructEachProbe('idlg', aux, context, (update, random, progress) => {
        const labels = inferLabels(context.model.layout, update);
        const problem = matchingProblem(context.model, update, labels);
        return deepLeakage(problem, update, labels, context, programs, random, progress);
      });
    } finally {
      await programs.dispose();
    }
  },
});
