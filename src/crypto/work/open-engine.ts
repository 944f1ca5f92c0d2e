import { PaillierEngine } from '../paillier/engine.ts';
import { parameterSet as parameterSetOf } from '../parameter-sets.ts';
import type { ParameterSetId } from '../scheme.ts';
import type { SchemeOptions } from '../scheme-options.ts';
import { SealEngine } from '../seal/engine.ts';
import type { CipherEngine } from './operations.ts';

/** What every engine of a key ring is opened with; crosses the border to its workers. */
export interface EngineSetup {
  readonly parameterSet: ParameterSetId;
  readonly options: SchemeOptions;
}

export async function openEngine({ parameterSet, options }: EngineSetup): Promise<CipherEngine> {
  const { scheme } = parameterSetOf(parameterSet);
  return scheme === 'paillier'
    ? new PaillierEngine(parameterSet, options)
    : SealEngine.open(parameterSet, options);
}
