import { topCoordinates } from './top-coordinates.ts';

export interface GreedySearch {
  /** w_t^k, what is exposed off the mask, [N]. */
  readonly localModel: Float32Array;
  /** w̃_exp, what an attacker has in place of an encrypted coordinate, [N]. */
  readonly exposed: Float32Array;
  /** Size of the mask. */
  readonly count: number;
  /** Coordinates taken over from each sweep; 1 is the plain greedy search. */
  readonly perSweep: number;
  /** Loss of a model on the client's local set. */
  loss(model: Float32Array): Promise<number>;
}

/**
 * Looks for the mask of a given size whose exposed model has the largest loss: each sweep tries every
 * coordinate left, and encrypts those that raise the loss most on top of what is encrypted already.
 * MaskCrypt's choice (Algorithm 2) is the first-order guess of it.
 *
 * @returns `count` coordinates, most wanted first; ties by index
 */
export async function greedySearch(search: GreedySearch): Promise<Uint32Array> {
  const { localModel, exposed, count, perSweep } = search;
  const model = localModel.slice();
  const chosen: number[] = [];
  const left = new Set(localModel.keys());
  let loss = await search.loss(model);
  while (chosen.length < count) {
    const candidates = [...left];
    const losses = new Float64Array(candidates.length);
    for (const [index, at] of candidates.entries()) {
      // Encrypting a value that the attacker has anyway changes nothing.
      if (exposed[at] === model[at]) losses[index] = loss;
      else {
        model[at] = exposed[at] as number;
        losses[index] = await search.loss(model);
        model[at] = localModel[at] as number;
      }
    }
    for (const index of topCoordinates(losses, Math.min(perSweep, count - chosen.length))) {
      const at = candidates[index] as number;
      model[at] = exposed[at] as number;
      chosen.push(at);
      left.delete(at);
    }
    loss = await search.loss(model);
  }
  return Uint32Array.from(chosen);
}

/** Evaluations of the loss that a search takes at most. */
export function evaluations(size: number, count: number, perSweep: number): number {
  const sweeps = Math.ceil(count / perSweep);
  let total = 1;
  for (let sweep = 0; sweep < sweeps; sweep++) total += size - sweep * perSweep + 1;
  return total;
}
