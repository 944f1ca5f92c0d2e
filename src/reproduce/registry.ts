import { didYouMean } from '../platform/did-you-mean.ts';
import { fedMlHePresets } from './fedml-he.ts';
import { maserPresets } from './maser.ts';
import { maskcryptPresets } from './maskcrypt.ts';
import type { Preset } from './preset.ts';

/** Every item of a paper that can be reproduced. */
export const presets: readonly Preset[] = [...maskcryptPresets, ...fedMlHePresets, ...maserPresets];

/** @throws {RangeError} naming the items there are, when none has that id */
export function findPreset(id: string): Preset {
  const found = presets.find((preset) => preset.id === id);
  if (found) return found;
  const ids = presets.map((preset) => preset.id);
  throw new RangeError(`There is nothing to reproduce called "${id}"; ${didYouMean(id, ids)}`);
}
