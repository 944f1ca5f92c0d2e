import type { Defense } from '../src/api/defense.ts';
import { batchcrypt } from './batchcrypt/index.ts';
import { dpGaussian } from './dp-gaussian.ts';
import { dpLaplace } from './dp-laplace.ts';
import { fedmlHe } from './fedml-he/index.ts';
import { fedphe } from './fedphe.ts';
import { frl } from './frl/index.ts';
import { full } from './full.ts';
import { gradientMagnitude } from './gradient-magnitude.ts';
import { greedyOracle } from './greedy-oracle.ts';
import { individualMasking } from './individual-masking.ts';
import { layer } from './layer.ts';
import { mainGrasp } from './main-grasp.ts';
import { maser } from './maser/index.ts';
import { maskcrypt } from './maskcrypt/index.ts';
import { mkhe } from './mkhe.ts';
import { none } from './none.ts';
import { random } from './random.ts';
import { weightMagnitude } from './weight-magnitude.ts';

/** Every defense of the suite, by kind. Their parameters are checked by their own schemas. */
export const defenses: readonly Defense<unknown, unknown>[] = [
  none,
  full,
  // Masks chosen without the data, by the model, by the loss.
  random,
  layer,
  weightMagnitude,
  gradientMagnitude,
  fedmlHe,
  individualMasking,
  maskcrypt,
  greedyOracle,
  // Keys that nobody holds alone.
  mkhe,
  maser,
  mainGrasp,
  // Other schemes.
  fedphe,
  batchcrypt,
  // No encryption: noise, rankings.
  dpGaussian,
  dpLaplace,
  frl,
];
