/**
 * Where sorted values fall into a low and a high group: the cut that leaves least variance within both
 * (Otsu 1979), on logarithms. Values of 0 are low by themselves, and where there are any, all others
 * are high.
 *
 * @param values ≥ 0, without NaN
 * @returns the smallest high value; Infinity where all values are equal
 */
export function highFrom(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const positive = sorted.filter((value) => value > 0);
  const [first] = positive;
  if (first === undefined || first === positive.at(-1)) return first ?? Number.POSITIVE_INFINITY;
  if (positive.length < sorted.length) return first;
  const logs = positive.map(Math.log);
  const total = logs.reduce((sum, value) => sum + value, 0);
  let best = { cut: 0, between: 0 };
  let low = 0;
  for (let cut = 1; cut < logs.length; cut++) {
    low += logs[cut - 1] as number;
    const difference = (total - low) / (logs.length - cut) - low / cut;
    const between = cut * (logs.length - cut) * difference ** 2;
    if (between > best.between) best = { cut, between };
  }
  return positive[best.cut] as number;
}
