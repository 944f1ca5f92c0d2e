import type { MaskRound, ProposingClient } from '../../../src/api/defense.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { layoutOf } from '../../../src/models/layers.ts';
import type { ParameterLayout } from '../../../src/models/layout.ts';

/** Two layers: weights 0 … 3 and 6, 7, biases 4, 5 and 8. */
export const toyLayout = layoutOf({ first: [2, 2], last: [2, 1] });

/** A client whose computations are given; asking for another one fails. */
export function toyClient(
  localModel: readonly number[],
  facts: Partial<ProposingClient> = {},
): ProposingClient {
  const unasked = async () => {
    throw new Error('the defense was not meant to ask for this');
  };
  return {
    client: 0,
    round: 1,
    layout: toyLayout,
    globalModel: new Float32Array(localModel.length),
    previousMask: new Uint8Array(localModel.length),
    localModel: Float32Array.from(localModel),
    gradient: unasked,
    sensitivity: unasked,
    meanAbsoluteGradient: unasked,
    hessianGradient: unasked,
    loss: unasked,
    random: randomStream(1, 'proposal'),
    ...facts,
  };
}

export function toyRound(
  proposals: readonly (readonly number[])[] = [],
  layout: ParameterLayout = toyLayout,
): MaskRound {
  return {
    round: 1,
    size: layout.size,
    layout,
    globalModel: new Float32Array(layout.size),
    proposals: proposals.map((one) => Uint32Array.from(one)),
    random: randomStream(1, 'round'),
  };
}
