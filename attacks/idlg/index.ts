import { defineAttack } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { deepLeakageParams, reconstructByDeepLeakage } from '../gradient-matching/deep-leakage.ts';
import { inferLabels } from '../gradient-matching/label-inference.ts';

/** The label is read off the last layer; then the image alone is recovered as in DLG. */
export const idlg = defineAttack({
  meta: {
    id: 'idlg',
    version: 2,
    title: 'Improved deep leakage from gradients',
    source:
      'Zhao, Mopuri & Bilen 2020 (label = the class of negative bias gradient), then Zhu, Liu & ' +
      'Han 2019. Differs: the weight gradients stand in where a bias is encrypted; a label that ' +
      'stays open is optimised as in DLG.',
    params: deepLeakageParams,
    kind: 'reconstruction',
    adversaries: readingAdversaries,
  },
  run: (_view, aux, context) =>
    reconstructByDeepLeakage('idlg', aux, context, (update) =>
      inferLabels(context.model.layout, update),
    ),
});
