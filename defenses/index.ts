import type { Defense } from '../src/api/defense.ts';
import { full } from './full.ts';
import { layer } from './layer.ts';
import { maskcrypt } from './maskcrypt/index.ts';
import { none } from './none.ts';
import { random } from './random.ts';
import { weightMagnitude } from './weight-magnitude.ts';

/** Every defense of the suite, by rising effort. Their parameters are checked by their own schemas. */
export const defenses: readonly Defense<unknown, unknown>[] = [
  none,
  full,
  random,
  layer,
  weightMagnitude,
  maskcrypt,
];
