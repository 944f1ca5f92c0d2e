/**
 * Two one-sided tests of equivalence (Schuirmann 1987): p of "the mean is at least `margin` away from
 * `center`", the larger of both sides. Below .05, and only then, a value may be called guessing: an
 * interval that merely includes chance is what any small sample gives.
 *
 * @param sorted bootstrap distribution of the mean, rising
 * @returns never below 1 / (resamples + 1)
 */
export function equivalenceP(sorted: Float64Array, center: number, margin: number): number {
  const tail = (beyond: (value: number) => boolean) =>
    (sorted.filter(beyond).length + 1) / (sorted.length + 1);
  return Math.max(
    tail((value) => value <= center - margin),
    tail((value) => value >= center + margin),
  );
}
