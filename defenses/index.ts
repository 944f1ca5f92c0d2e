import type { Defense } from '../src/api/defense.ts';
import { full } from './full.ts';
import { maskcrypt } from './maskcrypt/index.ts';
import { none } from './none.ts';
import { random } from './random.ts';

/** Every defense of the suite, by rising effort. Their parameters are checked by their own schemas. */
export const defenses: readonly Defense<unknown, unknown>[] = [none, full, random, maskcrypt];
