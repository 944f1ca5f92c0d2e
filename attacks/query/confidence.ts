/**
 * The model's confidence in a class, φ = ln(p / (1 − p)) with p its probability: nearly normal over
 * trainings, while p is not (Carlini et al. 2022, §IV-C). Computed as z_y − ln Σ_{j≠y} e^{z_j}, which
 * is right where p is 1 in floating point.
 *
 * @param logits z, [classes]; at least 2 classes
 */
export function confidence(logits: ArrayLike<number>, label: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < logits.length; at++)
    if (at !== label) largest = Math.max(largest, logits[at] as number);
  let sum = 0;
  for (let at = 0; at < logits.length; at++)
    if (at !== label) sum += Math.exp((logits[at] as number) - largest);
  return (logits[label] as number) - largest - Math.log(sum);
}

/** The confidence of every sample in its own label, from logits [count, classes]. */
export function confidences(logits: Float32Array, labels: Int32Array): Float64Array {
  const classes = logits.length / labels.length;
  return Float64Array.from(labels, (label, at) =>
    confidence(logits.subarray(at * classes, (at + 1) * classes), label),
  );
}

/** ln p of a confidence φ: −ln(1 + e^{−φ}), stable for any φ. */
export function logProbability(phi: number): number {
  return phi >= 0 ? -Math.log1p(Math.exp(-phi)) : phi - Math.log1p(Math.exp(phi));
}
