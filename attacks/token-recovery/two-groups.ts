/**
 * Where values fall into a low and a high group: the cut that leaves least variance within both (Otsu
 * 1979).
 *
 * @returns the smallest high value; Infinity where all values are equal
 */
export function highGroupFrom(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted[0] === sorted.at(-1)) return Number.POSITIVE_INFINITY;
  const total = sorted.reduce((sum, value) => sum + value, 0);
  let best = { cut: 0, between: 0 };
  let low = 0;
  for (let cut = 1; cut < sorted.length; cut++) {
    low += sorted[cut - 1] as number;
    const difference = (total - low) / (sorted.length - cut) - low / cut;
    const between = cut * (sorted.length - cut) * difference ** 2;
    if (between > best.between) best = { cut, between };
  }
  return sorted[best.cut] as number;
}

/**
 * The same on logarithms. Values of 0 are low by themselves, and where there are any, all others are high.
 *
 * @param values ≥ 0, without NaN
 * @returns the smallest high value; Infinity where all values are equal
 */
export function highFrom(values: readonly number[]): number {
  const positive = values.filter((value) => value > 0);
  const least = positive.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (positive.every((value) => value === least) || positive.length < values.length) return least;
  const from = highGroupFrom(positive.map(Math.log));
  return positive.filter((value) => Math.log(value) >= from).reduce((a, b) => Math.min(a, b));
}
