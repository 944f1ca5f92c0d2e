import type { Attack } from '../src/api/attack.ts';
import { analyticFc } from './analytic-fc/index.ts';
import { dlg } from './dlg/index.ts';
import { idlg } from './idlg/index.ts';
import { invertingGradients } from './inverting-gradients/index.ts';
import { learnedInversion } from './learned-inversion/index.ts';
import { lossThreshold } from './loss-threshold/index.ts';
import { mlLeaks } from './ml-leaks/index.ts';

/** Every attack that comes with the suite. */
export const attacks: readonly Attack<unknown>[] = [
  lossThreshold,
  mlLeaks,
  analyticFc,
  dlg,
  idlg,
  invertingGradients,
  learnedInversion,
];
