import { topCoordinates } from './top-coordinates.ts';

/**
 * FedPHE's sparsification: the vector is cut into packs of consecutive weights, one ciphertext each,
 * and a client keeps the ⌈share · packs⌉ packs of the largest mean |w| (Yan et al., INFOCOM 2024). The
 * last pack may be short; its mean is that of the weights it has.
 *
 * @param model [N]
 * @param packSize weights per pack
 * @param share of the packs that is kept, 0 … 1
 * @returns coordinates of the kept packs, ascending
 */
export function topPacks(model: Float32Array, packSize: number, share: number): Uint32Array {
  const means = new Float64Array(Math.ceil(model.length / packSize));
  for (let pack = 0; pack < means.length; pack++) {
    const weights = model.subarray(pack * packSize, (pack + 1) * packSize);
    means[pack] = weights.reduce((sum, weight) => sum + Math.abs(weight), 0) / weights.length;
  }
  const kept = topCoordinates(means, Math.ceil(share * means.length)).sort();
  const coordinates: number[] = [];
  for (const pack of kept)
    for (let at = pack * packSize; at < Math.min((pack + 1) * packSize, model.length); at++)
      coordinates.push(at);
  return Uint32Array.from(coordinates);
}
