import type { Attack } from '../src/api/attack.ts';
import { analyticFc } from './analytic-fc/index.ts';
import { dlg } from './dlg/index.ts';
import { fedMia } from './fedmia/index.ts';
import { gradientCosine } from './gradient-cosine/index.ts';
import { idlg } from './idlg/index.ts';
import { invertingGradients } from './inverting-gradients/index.ts';
import { keyRecovery } from './key-recovery/index.ts';
import { learnedInversion } from './learned-inversion/index.ts';
import { lira } from './lira/index.ts';
import { lossThreshold } from './loss-threshold/index.ts';
import { maskLeakage } from './mask-leakage/index.ts';
import { mlLeaks } from './ml-leaks/index.ts';
import { modifiedEntropyAttack } from './modified-entropy/index.ts';
import { perplexity } from './perplexity/index.ts';
import { rmia } from './rmia/index.ts';
import { sequenceRecovery } from './sequence-recovery/index.ts';
import { tokenRecovery } from './token-recovery/index.ts';
import { whiteBox } from './white-box/index.ts';

/** Every attack that comes with the suite. */
export const attacks: readonly Attack<unknown>[] = [
  lossThreshold,
  modifiedEntropyAttack,
  mlLeaks,
  lira,
  rmia,
  gradientCosine,
  fedMia,
  whiteBox,
  perplexity,
  analyticFc,
  dlg,
  idlg,
  invertingGradients,
  learnedInversion,
  tokenRecovery,
  sequenceRecovery,
  maskLeakage,
  keyRecovery,
];
