import { attacks } from '../../attacks/index.ts';
import { defenses } from '../../defenses/index.ts';
import type { Plugins } from '../run/plugins.ts';

/** The suite's own defenses and attacks: the only place besides the cell process that knows them. */
export const registered: Plugins = { defenses, attacks };
