/** p_k = |D^k| / Σ|D|. */
export function aggregationWeights(clients: readonly { readonly samples: number }[]): number[] {
  const total = clients.reduce((sum, { samples }) => sum + samples, 0);
  return clients.map(({ samples }) => samples / total);
}

/** Σ p_k · vectors[k], summed in float64 in the order given. */
export function weightedMean(
  vectors: readonly Float32Array[],
  weights: readonly number[],
): Float32Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  vectors.forEach((vector, k) => {
    const weight = weights[k] as number;
    for (let at = 0; at < sum.length; at++)
      sum[at] = (sum[at] as number) + weight * (vector[at] as number);
  });
  return new Float32Array(sum);
}
