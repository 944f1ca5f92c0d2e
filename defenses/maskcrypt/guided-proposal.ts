import type { ProposingClient } from '../../src/api/defense.ts';
import { maskSize } from '../parameters.ts';
import type { ExposedWeights } from './exposed-weights.ts';
import { selectMask } from './mask-selection.ts';

/** A client's proposal by Algorithm 2, after it took over what the server can read of w_{t-1}. */
export async function guidedProposal(
  client: ProposingClient,
  exposed: ExposedWeights,
  ratio: number,
): Promise<Uint32Array> {
  exposed.receive(client.globalModel, client.previousMask);
  const count = maskSize(ratio, client.layout.size);
  return selectMask(await client.gradient(), exposed.values, client.localModel, count);
}
