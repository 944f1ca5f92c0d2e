import type { Engine } from '../../src/engine/program.ts';
import type { Model } from '../../src/models/model.ts';
import { LogitsQuery } from '../query/logits.ts';
import type { ShadowModel } from './shadow-model.ts';

/** What a shadow model answers to samples it was trained on, and to others: logits, [count, classes]. */
export interface ShadowLogits {
  readonly members: Float32Array;
  readonly nonMembers: Float32Array;
}

export async function shadowLogits(
  { weights, members, nonMembers }: ShadowModel,
  model: Model,
  engine: Engine,
): Promise<ShadowLogits> {
  const query = await LogitsQuery.open(model, engine);
  try {
    return {
      members: await query.ask(weights, members),
      nonMembers: await query.ask(weights, nonMembers),
    };
  } finally {
    query.close();
  }
}
